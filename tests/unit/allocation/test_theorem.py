"""Theorem 1: golden numbers, and simulation against the formulas."""

import numpy as np
import pytest

from knapsack_rl.allocation.theorem import expected_first, necessary_rollouts, sufficient_rollouts, theorem_rows
from knapsack_rl.allocation.value import p_nonzero_gradient

GOLDEN = [
    (0.5, 3.00, 3.32, 5),
    (0.25, 4.33, 8.00, 9),
    (0.125, 8.14, 17.24, 18),
    (0.0625, 16.07, 35.68, 36),
    (0.05, 20.05, 44.89, 45),
    (0.02, 50.02, 113.97, 114),
    (0.01, 100.01, 229.11, 230),
    (0.99, 100.01, 229.11, 230),
]


@pytest.mark.parametrize(("p", "mean", "bound", "exact"), GOLDEN)
def test_golden_numbers(p, mean, bound, exact):
    """Mean, bound and exact number for 90%, as published and recomputed."""
    assert expected_first(p) == pytest.approx(mean, abs=0.005)
    assert necessary_rollouts(p) == pytest.approx(bound, abs=0.01)
    assert sufficient_rollouts(p) == exact


def test_exact_number_is_the_smallest():
    """It reaches 90%, one fewer does not; it is never below the bound."""
    p = np.linspace(0.005, 0.995, 199)
    exact = sufficient_rollouts(p)
    assert (p_nonzero_gradient(exact, p) >= 0.9).all()
    assert (p_nonzero_gradient(exact - 1, p) < 0.9).all()
    assert (exact >= necessary_rollouts(p)).all()


def test_simulation_agrees_with_the_theorem():
    """Means within four standard errors; 90% reached at the exact number, and missed by the bound at p = 1/2."""
    rows = {row["p"]: row for row in theorem_rows([0.01, 0.125, 0.5, 0.9])}
    for row in rows.values():
        assert abs(row["simulated_first"] - row["expected_first"]) < 4 * row["simulated_first_se"]
        assert row["share_at_sufficient"] > 0.9 - 4 * np.sqrt(0.09 / row["num_trials"])
    assert rows[0.5]["share_at_necessary"] == pytest.approx(0.875, abs=0.01)


def test_certain_prompts_never_have_a_gradient():
    """At 0 and 1 the mean is infinite."""
    assert np.isinf(expected_first([0.0, 1.0])).all()
