"""A Beta distribution from unbiased moments of outcomes, in groups of any size."""

import numpy as np
import pytest
from scipy import stats

from knapsack_rl.beliefs.moments import beta_of_moments, class_moments


@pytest.mark.parametrize("sizes", [(2,), (8,), (2, 3, 40)])
def test_moments_of_outcomes_are_those_of_the_rates(sizes):
    """However small or uneven the groups; the second class has one rate for all."""
    rng = np.random.default_rng(0)
    class_G = np.repeat([0, 1], 40_000)
    rate_G = np.where(class_G == 0, rng.beta(0.5, 1.5, len(class_G)), 0.3)
    drawn_G = rng.choice(sizes, len(class_G))
    mean_K, second_K = class_moments(
        class_G, num_rollouts_G=drawn_G, num_successes_G=rng.binomial(drawn_G, rate_G), num_classes=2
    )
    assert mean_K == pytest.approx([0.25, 0.3], abs=0.01)
    assert second_K == pytest.approx([stats.beta(0.5, 1.5).moment(2), 0.09], abs=0.01)


def test_single_rollouts_say_nothing_of_the_spread():
    """The second moment is then that of a single rate."""
    mean_K, second_K = class_moments(
        np.zeros(4, dtype=np.int64), num_rollouts_G=np.ones(4), num_successes_G=[1, 0, 0, 0], num_classes=1
    )
    assert (mean_K[0], second_K[0]) == (0.25, 0.0625)


@pytest.mark.parametrize(("a", "b"), [(2.0, 3.0), (0.2, 0.4), (30.0, 1.0)])
def test_beta_of_its_own_moments(a, b):
    """Mean and second moment give the distribution back."""
    moments = [np.array([stats.beta(a, b).moment(order)]) for order in (1, 2)]
    found = beta_of_moments(*moments)
    assert (found[0][0], found[1][0]) == (pytest.approx(a), pytest.approx(b))


@pytest.mark.parametrize(("mean", "second"), [(0.0, 0.0), (1.0, 1.0), (0.5, 0.25), (0.5, 0.1), (0.3, 0.3)])
def test_impossible_spreads_stay_distributions(mean, second):
    """All right, all wrong, no spread, less than none, the most there can be: positive parameters, the same mean."""
    a, b = beta_of_moments(np.array([mean]), np.array([second]))
    assert a[0] > 0
    assert b[0] > 0
    assert a[0] / (a[0] + b[0]) == pytest.approx(mean, abs=0.01)
