"""The knapsack rule against golden vectors, and where the released code is known to fail.

Golden vectors list one count per success rate k/16; where prompts of one rate differ by one, both counts are listed.
"""

import numpy as np
import pytest

from knapsack_rl.allocation import allocate
from knapsack_rl.allocation.fallback import exploration_target
from knapsack_rl.allocation.value import knapsack_value
from knapsack_rl.base.errors import AllocationError

SIXTEENTHS = np.arange(17) / 16
EVEN = np.repeat(SIXTEENTHS, 15)
SATURATED = np.concatenate([np.ones(102), np.zeros(49), np.repeat(SIXTEENTHS[1:16], 7)])
HARD = np.concatenate([np.ones(30), np.zeros(120), np.repeat(np.array([1, 2, 4, 8, 12]) / 16, [40, 30, 20, 10, 6])])
LATE = np.concatenate([np.ones(200), np.zeros(26), np.repeat(np.array([1, 2, 4, 8, 12, 15]) / 16, 5)])
BOUNDS = (2, 128)


def by_rate(counts_P, p_P):
    return [tuple(sorted(set(counts_P[p_P == p].tolist()), reverse=True)) for p in np.unique(p_P)]


def golden(text):
    return [tuple(map(int, item.split("-"))) for item in text.split(",")]


@pytest.mark.parametrize(
    ("p_P", "n", "vector", "objective"),
    [
        (EVEN, 8, "2,15,17,14,12,10,8,7,7,7,7,8,8,7,3,2,2", 18.6240),
        (EVEN, 4, "2,2,5,7,7,6,5,5,5,5,4,4,3,2,2,2,2", 15.6202),
        (EVEN, 16, "2,48,33,25,19,16,13,11,10,11,12,14,15,17,18,6,2", 19.7391),
        (SATURATED, 8, "2,45-44,31,23,18,15,12,11,10,10,11,13,15,16,17,3,2", 9.1882),
        (HARD, 8, "2,20-19,19,13,7,9,2", None),
        (LATE, 8, "2,110,63,33,16,29,69-68,2", None),
    ],
    ids=["A", "A4", "A16", "B", "C", "D"],
)
def test_optimum_without_fallback(p_P, n, *, vector, objective):
    """Published optima, by rate, and their objective to four digits."""
    counts_P = allocate("knapsack_greedy", p_P, total=len(p_P) * n, bounds=BOUNDS)
    assert by_rate(counts_P, p_P) == golden(vector)
    if objective is not None:
        assert knapsack_value(counts_P, p_P).sum() == pytest.approx(objective, abs=5e-5)


@pytest.mark.parametrize("p_P", [EVEN, HARD], ids=["A", "C"])
def test_fallback_is_idle_when_the_budget_is_short(p_P):
    """Where the exploration target exceeds the budget, fallback changes nothing."""
    with_fallback_P = allocate("knapsack", p_P, total=len(p_P) * 8, bounds=BOUNDS)
    without_P = allocate("knapsack_greedy", p_P, total=len(p_P) * 8, bounds=BOUNDS)
    np.testing.assert_array_equal(with_fallback_P, without_P)


@pytest.mark.parametrize(
    ("p_P", "n", "vector"),
    [
        (EVEN, 16, "67,32,25,20,16,13,11,9,9,9,10,11,12,12,11,3,2"),
        (SATURATED, 8, "9-8,32,25,20,16,13,11,9,9,9,10,11,12,12,11,3,2"),
        (LATE, 8, "41-40,43,30,18,10,14,3,2"),
    ],
    ids=["A16", "B", "D"],
)
def test_fallback_gives_failing_prompts_the_released_share(p_P, n, *, vector):
    """Prompts with rate 0 and 1 get exactly the released counts.

    The others differ from them by one rollout at most, because the released program overvalues the third rollout; the
    exact optimum is worth at least as much.
    """
    counts_P = allocate("knapsack", p_P, total=len(p_P) * n, bounds=BOUNDS)
    ours, released = by_rate(counts_P, p_P), golden(vector)
    assert (ours[0], ours[-1]) == (released[0], released[-1])
    np.testing.assert_allclose([pair[0] for pair in ours], [pair[0] for pair in released], atol=1)
    released_of = dict(zip(np.unique(p_P), (pair[0] for pair in released), strict=True))
    released_P = np.array([released_of[p] for p in p_P])
    mixed_P = (p_P > 0) & (p_P < 1)
    assert counts_P[mixed_P].sum() == released_P[mixed_P].sum()
    assert knapsack_value(counts_P, p_P).sum() > knapsack_value(released_P, p_P).sum()


def test_fallback_vector_of_the_exact_optimum():
    """Case A16 with fallback, as this package computes it, for regression."""
    counts_P = allocate("knapsack", EVEN, total=255 * 16, bounds=BOUNDS)
    assert by_rate(counts_P, EVEN) == golden("67,32,25,20,16,13,11,9,9,9,10,11,12,13,11,2,2")


@pytest.mark.parametrize(
    ("p", "target"), [(0.5, 3), (0.25, 8), (0.125, 17), (0.0625, 35), (15 / 16, 35), (0.01, 128), (1e-300, 128)]
)
def test_exploration_target(p, target):
    """floor(ln 0.1 / ln max(p, 1 - p)), capped, symmetric, and finite for tiny rates."""
    assert exploration_target(np.array([p]), high=128, alpha=0.9) == [target]


def test_only_mixed_prompts_and_too_little_for_them_to_do():
    """All rates 1/2: the released code fails an assertion, here the surplus goes back to the greedy."""
    np.testing.assert_array_equal(allocate("knapsack", [0.5] * 256, total=2048, bounds=BOUNDS), np.full(256, 8))


@pytest.mark.parametrize("fallback", [True, False])
@pytest.mark.parametrize(
    "rates",
    [[0.5] * 10 + [1.0] * 246, [0.0] + [0.5] * 10 + [1.0] * 245, [0.0] + [1.0] * 255],
    ids=["no zeros", "one zero", "nothing mixed"],
)
def test_upper_bound_holds_where_the_release_ignores_it(rates, fallback):
    """Few takers and a large surplus: the released code gives up to 1538 rollouts to one prompt."""
    counts_P = allocate("knapsack", rates, total=2048, bounds=BOUNDS, options={"fallback": fallback})
    assert counts_P.sum() == 2048
    assert counts_P.min() >= 2
    assert counts_P.max() <= 128


def test_unseen_prompts_take_no_surplus():
    """They hold the uniform share already; the released code hands them the bonus of failing prompts on top."""
    counts_P = allocate("knapsack", [np.nan, 0.0, 0.5, 1.0], total=32, bounds=BOUNDS)
    np.testing.assert_array_equal(counts_P, [8, 17, 5, 2])


def test_surplus_goes_to_solved_prompts_only_if_none_failed():
    """Ten prompts at 1/2 want 30 rollouts, so 246 solved ones share the rest, as released."""
    counts_P = allocate("knapsack", [0.5] * 10 + [1.0] * 246, total=2048, bounds=BOUNDS)
    assert (counts_P[:10] == 5).all()
    assert set(counts_P[10:].tolist()) == {8, 9}


def test_first_epoch_is_uniform():
    """With every prompt unseen, knapsack is plain GRPO, remainder included."""
    np.testing.assert_array_equal(allocate("knapsack", [np.nan] * 3, total=25, bounds=BOUNDS), [9, 8, 8])


def test_released_small_examples():
    """Small inputs measured with the released function (which has no cap and counts unseen as failing)."""
    counts_P = allocate("knapsack", [0, 0, 1, 1, 0.5, 0.5, 0.5, 0.25], total=64, bounds=(2, 32))
    np.testing.assert_array_equal(counts_P, [18, 17, 2, 2, 6, 6, 5, 8])
    np.testing.assert_array_equal(allocate("knapsack", [1, 1, 1, 0.5], total=32, bounds=(2, 32)), [9, 9, 9, 5])
    np.testing.assert_array_equal(allocate("knapsack", [0, 1, 0, 1], total=32, bounds=(2, 32)), [14, 2, 14, 2])


def test_alpha_sets_how_much_mixed_prompts_keep():
    """A higher wanted probability leaves less for prompts that always failed."""
    rates = [0.0] * 8 + [0.5] * 8
    modest_P, keen_P = (
        allocate("knapsack", rates, total=128, bounds=BOUNDS, options={"alpha": x}) for x in (0.8, 0.99)
    )
    assert keen_P[:8].sum() < modest_P[:8].sum()


def test_rates_of_the_method_survey():
    """Eight rates, 64 rollouts, bounds 2 to 32."""
    counts_P = allocate("knapsack_greedy", [0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97], total=64, bounds=(2, 32))
    np.testing.assert_array_equal(counts_P, [2, 13, 19, 11, 7, 8, 2, 2])


def test_lower_bound_zero_is_refused():
    """The value is not concave from zero rollouts, so an exact greedy would be a lie."""
    with pytest.raises(AllocationError, match="lower bound 0 is too low for this rule: use 1 or more"):
        allocate("knapsack", [0.5, 0.5], total=8, bounds=(0, 8))
