"""Every value-based rule on one batch of eight rates, 64 rollouts, against independently computed counts.

Where increments tie between symmetric prompts single rollouts may move, so objectives are compared as
well as counts.
"""

import numpy as np
import pytest

from knapsack_rl.allocation import VALUES, allocate
from knapsack_rl.allocation.strategies.neyman import WEIGHTS
from knapsack_rl.base.belief import Point
from knapsack_rl.base.errors import AllocationError, ConfigError

RATES = np.array([0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97])
OF_EIGHT = [Point(successes=s, draws=8) for s in (0, 0, 1, 2, 4, 6, 7, 8)]


def golden(text):
    return np.array([int(count) for count in text.split(",")])


def worth(increment, counts_P):
    """Sum of the increments from rollout 3 on; ``increment(n)`` gives one per prompt."""
    return sum((increment(n) * (counts_P > n)).sum() for n in range(2, 33))


@pytest.mark.parametrize(
    ("value", "vector"),
    [
        ("nonzero_probability", "2,12,13,7,6,7,13,4"),
        ("product", "2,13,19,11,7,8,2,2"),
        ("variance_product", "2,3,15,10,7,10,15,2"),
        ("hit", "6,20,17,8,5,4,2,2"),
        ("mean_advantage", "3,8,11,9,8,9,11,5"),
        ("gain_alone", "2,2,2,32,20,2,2,2"),
    ],
)
def test_value_functions(value, vector):
    """Plug-in rates; the linear gain goes to the cap of the best prompt, then to the second best."""
    counts_P = allocate("value", RATES, total=64, bounds=(2, 32), options={"value": value})
    np.testing.assert_array_equal(counts_P, golden(vector))


@pytest.mark.parametrize(
    ("value", "vector"),
    [
        ("nonzero_probability", "9,9,9,7,6,7,9,8"),
        ("product", "10,10,11,10,7,7,6,3"),
        ("hit", "14,14,12,9,6,4,3,2"),
    ],
)
def test_value_functions_under_a_posterior(value, vector):
    """Successes of 8 = 0,0,1,2,4,6,7,8 on a flat prior; always-failed and always-solved may tie."""
    counts_P = allocate("value", OF_EIGHT, total=64, bounds=(2, 32), options={"value": value, "posterior": True})
    expected_P = golden(vector)
    a_P = np.array([1.0 + belief.successes for belief in OF_EIGHT])

    def increment(n):
        return VALUES[value].expected(n, a_P, 10.0 - a_P)

    assert worth(increment, counts_P) == pytest.approx(worth(increment, expected_P), rel=1e-12)
    np.testing.assert_array_equal(np.sort(counts_P), np.sort(expected_P))


def test_plug_in_knapsack_of_the_same_counts():
    """What the posterior flattens: nothing beyond the floor for 0 of 8 and 8 of 8."""
    counts_P = allocate("value", OF_EIGHT, total=64, bounds=(2, 32))
    np.testing.assert_array_equal(counts_P, golden("2,2,20,14,8,10,6,2"))


@pytest.mark.parametrize(
    ("strategy", "options", "bounds", "vector"),
    [
        ("neyman", {"weight": "variance"}, (2, 32), "4,5,8,11,13,11,8,4"),
        ("neyman", {"weight": "inverse"}, (2, 32), "21,13,10,6,4,4,3,3"),
        ("neyman", {"weight": "log_odds"}, (2, 32), "24,15,10,5,4,2,2,2"),
        ("dynamo", {}, (2, 32), "4,5,8,11,13,11,8,4"),
        ("ada_est", {"epsilon": 1e-12}, (2, 32), "21,13,10,6,4,4,3,3"),
        ("gvm_light", {}, (2, 32), "14,14,11,7,5,5,4,4"),
        ("vip", {"estimator": "rloo"}, (2, 32), "4,6,8,11,12,11,7,5"),
        ("vip", {"estimator": "rloo"}, (4, 16), "4,6,8,11,12,11,7,5"),
        ("vip", {"estimator": "dr_grpo"}, (3, 16), "3,5,8,12,13,12,8,3"),
        ("vip", {"estimator": "dr_grpo"}, (4, 16), "4,5,7,12,13,12,7,4"),
    ],
)
def test_variance_rules(strategy, options, *, bounds, vector):
    """Neyman family, GVM and VIP."""
    counts_P = allocate(strategy, RATES, total=64, bounds=bounds, options=options)
    np.testing.assert_array_equal(counts_P, golden(vector))


def test_hit_strategy_is_the_posterior_hit_value():
    """HORA's counts."""
    counts_P = allocate("hit", OF_EIGHT, total=64, bounds=(2, 32))
    np.testing.assert_array_equal(counts_P, golden("14,14,12,9,6,4,3,2"))


@pytest.mark.parametrize("weight", sorted(WEIGHTS))
def test_neyman_counts_are_proportional_to_the_root_of_the_weight(weight):
    """With a large total and loose bounds, within one rollout."""
    counts_P = allocate("neyman", RATES, total=80_000, bounds=(1, 80_000), options={"weight": weight})
    root_P = np.sqrt(WEIGHTS[weight](RATES))
    np.testing.assert_allclose(counts_P, 80_000 * root_P / root_P.sum(), atol=1.0)


def test_vip_raises_the_lower_bound_where_its_variance_is_not_convex():
    """Three rollouts each where the total allows, as many as it allows otherwise."""
    assert allocate("vip", [0.0, 0.0, 0.5], total=16, bounds=(1, 32)).tolist() == [3, 3, 10]
    assert allocate("vip", [0.0, 0.0, 0.5], total=6, bounds=(1, 32)).tolist() == [2, 2, 2]


@pytest.mark.parametrize("strategy", ["value", "neyman", "ada_est", "gvm_light", "vip"])
def test_unseen_prompts_get_the_uniform_share(strategy):
    """Unknown is not a rate: 8 each, whatever the others are."""
    counts_P = allocate(strategy, [np.nan, 0.1, np.nan, 0.5], total=32, bounds=(2, 30))
    assert counts_P[[0, 2]].tolist() == [8, 8]


@pytest.mark.parametrize("strategy", ["value", "neyman", "ada_est", "gvm_light", "vip"])
def test_what_known_prompts_cannot_hold_goes_to_unseen_ones(strategy):
    """One known prompt at its cap of 9; 26 rollouts over 3 prompts."""
    assert sorted(allocate(strategy, [0.5, np.nan, np.nan], total=26, bounds=(2, 9)).tolist()) == [8, 9, 9]


def test_ties_are_seeded_and_random():
    """Equal prompts: who gets the remainder depends on the seed."""
    draws = {tuple(allocate("value", [0.4] * 8, total=36, bounds=(2, 9), seed=seed)) for seed in range(9)}
    assert all(sorted(counts) == [4] * 4 + [5] * 4 for counts in draws)
    assert len(draws) > 2


def test_lower_bound_zero_is_refused():
    """Variances are infinite and values not concave at no rollout."""
    with pytest.raises(AllocationError, match="lower bound 0 is too low for this rule"):
        allocate("neyman", [0.5, 0.5], total=8, bounds=(0, 8))


@pytest.mark.parametrize(
    ("strategy", "options", "message"),
    [
        ("value", {"value": "prod"}, "option value = 'prod' must be one of: gain_alone, hit, mean_advantage,"),
        ("value", {"value": "gain_alone", "posterior": True}, "has no closed form under a posterior; these have: hit,"),
        ("neyman", {"weight": "p"}, "option weight = 'p' must be one of: inverse, inverse_square, log_odds"),
        ("neyman", {"epsilon": 0.0}, "option epsilon = 0 must be above 0"),
        ("vip", {"estimator": "grpo"}, "option estimator = 'grpo' must be one of: dr_grpo, rloo"),
        ("gvm_light", {"beta": 0.5}, "option beta = 0.5 must be at least 1"),
    ],
)
def test_options_are_checked(strategy, options, *, message):
    """One line with the value and what would do."""
    with pytest.raises(ConfigError) as caught:
        allocate(strategy, [0.5], total=8, bounds=(2, 8), options=options)
    assert message in str(caught.value)
