"""Budget schedules: exact sums, shapes, and what uniform makes of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knapsack_rl.allocation import allocate, schedule_totals
from knapsack_rl.base.errors import ConfigError


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["constant", "linear", "cosine", "custom"]),
    st.integers(1, 300),
    st.integers(1, 5000),
    st.floats(0.01, 1.99),
)
def test_every_schedule_spends_the_same(kind, steps, mean_total, start):
    """Steps x mean to the rollout, and nothing negative."""
    weights = np.arange(steps) + 1.0 if kind == "custom" else ()
    totals_S = schedule_totals(kind, steps=steps, mean_total=mean_total, start=start, weights=weights)
    assert totals_S.shape == (steps,)
    assert totals_S.sum() == steps * mean_total
    assert totals_S.min() >= 0


def test_shapes():
    """Ends of start and 2 - start times the mean; the cosine lingers at both."""
    linear_S = schedule_totals("linear", steps=101, mean_total=1000, start=1.5)
    cosine_S = schedule_totals("cosine", steps=101, mean_total=1000, start=1.5)
    assert linear_S[[0, 50, 100]].tolist() == [1500, 1000, 500]
    assert cosine_S[[0, 50, 100]].tolist() == [1500, 1000, 500]
    assert cosine_S[10] > linear_S[10]
    assert (schedule_totals("constant", steps=7, mean_total=64) == 64).all()
    assert (np.diff(schedule_totals("linear", steps=50, mean_total=512, start=0.5)) >= 0).all()


def test_custom_weights_are_shares():
    """Weights 1, 1, 2 of 3 x 100 rollouts."""
    assert schedule_totals("custom", steps=3, mean_total=100, weights=[1, 1, 2]).tolist() == [75, 75, 150]


def test_one_step_gets_the_mean():
    """There is nothing to schedule."""
    for kind in ("constant", "linear", "cosine"):
        assert schedule_totals(kind, steps=1, mean_total=64, start=1.9).tolist() == [64]


def test_uniform_splits_a_scheduled_total_with_its_remainder_at_random():
    """700 rollouts over 64 prompts are 10 each and 60 prompts with one more, by seed."""
    draws = [tuple(allocate("uniform", [0.5] * 64, total=700, bounds=(2, 128), seed=seed)) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]
    assert sorted(draws[0]) == [10] * 4 + [11] * 60


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("step", {}, "budget schedule 'step' must be one of: constant, cosine, custom, linear"),
        ("linear", {"start": 2.0}, "start = 2 must lie strictly between 0 and 2"),
        ("linear", {"steps": 0}, "steps = 0 and mean_total = 8 must be at least 1"),
        ("custom", {"weights": [1.0]}, "1 weights for 4 steps; give one per step"),
        ("custom", {"weights": [0.0] * 4}, "weights must be finite, at least 0 and not all 0"),
        ("custom", {"weights": [1.0, np.nan, 1.0, 1.0]}, "weights must be finite"),
    ],
)
def test_mistakes_are_named(kind, values, *, message):
    """One line each."""
    with pytest.raises(ConfigError) as caught:
        schedule_totals(kind, **{"steps": 4, "mean_total": 8, **values})
    assert message in str(caught.value)
