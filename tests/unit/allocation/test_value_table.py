"""Every increment is the difference of its value, and none rises."""

from math import comb

import numpy as np
import pytest

from knapsack_rl.allocation import VALUES, value_names
from knapsack_rl.allocation.mean_advantage import mean_advantage, mean_advantage_increment
from knapsack_rl.allocation.posterior import expected_hit_increment

RATES = np.array([0.005, 0.05, 0.3, 0.5, 0.7, 0.97])


def mixed(n, p):
    return 1.0 - p**n - (1.0 - p) ** n


BY_DEFINITION = {
    "gain_alone": lambda n, p: n * p * (1 - p) ** 2,
    "hit": lambda n, p: 1 - (1 - p) ** n,
    "mean_advantage": mean_advantage,
    "nonzero_probability": mixed,
    "product": lambda n, p: mixed(n, p) * p * (1 - p) ** 2,
    "variance_product": lambda n, p: mixed(n, p) * p * (1 - p),
}


@pytest.mark.parametrize("name", value_names())
@pytest.mark.parametrize("n", [1, 2, 3, 8, 40])
def test_increment_is_the_difference_of_values(name, n):
    """For N = 1 .. 40, to rounding."""
    difference_M = BY_DEFINITION[name](n + 1, RATES) - BY_DEFINITION[name](n, RATES)
    np.testing.assert_allclose(VALUES[name].increment(np.full(6, n), RATES), difference_M, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("name", value_names())
def test_increments_never_rise(name):
    """From one rollout on, which makes the greedy exact."""
    counts_M = np.arange(1, 129)
    for p in (*RATES, 0.0, 1.0):
        gain_M = VALUES[name].increment(counts_M, np.full(128, p))
        assert (gain_M >= 0.0).all()
        assert (np.diff(gain_M) <= 1e-15).all()


@pytest.mark.parametrize("name", [name for name in value_names() if VALUES[name].expected])
@pytest.mark.parametrize("n", [1, 4, 30])
def test_expected_increment_is_the_mean_under_the_posterior(name, n):
    """Closed form against numerical integration over Beta(2, 5)."""
    p_M = (np.arange(200_000) + 0.5) / 200_000
    density_M = 30.0 * p_M * (1.0 - p_M) ** 4
    mean = (VALUES[name].increment(np.array(n), p_M) * density_M).mean()
    assert VALUES[name].expected(np.array(n), np.array(2.0), np.array(5.0)) == pytest.approx(mean, rel=1e-7)


@pytest.mark.parametrize("n", [2, 5, 16])
def test_mean_advantage_is_its_sum(n):
    """E sqrt(m (N - m)) / N over the binomial."""
    expected = sum(comb(n, m) * 0.3**m * 0.7 ** (n - m) * (m * (n - m)) ** 0.5 / n for m in range(n + 1))
    assert mean_advantage(n, 0.3) == pytest.approx(expected, rel=1e-12)


def test_late_mean_advantage_increments_keep_their_digits():
    """For large N the gain tends to -p q f'' / (2 N^2) with f = sqrt(pq); a difference of values has lost it."""
    p, n = 0.4, 4000
    bend = -1.0 / (4.0 * (p * (1 - p)) ** 1.5)
    assert mean_advantage_increment([n], [p])[0] == pytest.approx(-p * (1 - p) * bend / (2.0 * n**2), rel=1e-3)


def test_published_hit_increment():
    """Beta(1, 9), from 4 to 5 rollouts."""
    assert expected_hit_increment(4, a=1.0, b=9.0) == pytest.approx(0.0494505494505495, rel=1e-13)
