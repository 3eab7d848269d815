"""The solver on instances small or special enough to know the answer; brute force is in the property tests."""

import heapq

import numpy as np
import pytest

from knapsack_rl.allocation import solve
from knapsack_rl.allocation.value import knapsack_increment, knapsack_value
from knapsack_rl.base.errors import AllocationError


def no_gain(kind_M, num_rollouts_M):
    return np.zeros(len(kind_M)) + 0.0 * num_rollouts_M


def knapsack(p_K):
    return lambda kind_M, num_rollouts_M: knapsack_increment(num_rollouts_M, p_K[kind_M])


def heap_greedy(p_P, *, total, low, high):
    """Textbook marginal greedy, ties to the lowest index."""
    counts = [low] * len(p_P)
    heap = [(-float(knapsack_increment(low, p)), i) for i, p in enumerate(p_P)]
    heapq.heapify(heap)
    for _ in range(total - low * len(p_P)):
        _, i = heapq.heappop(heap)
        counts[i] += 1
        if counts[i] < high:
            heapq.heappush(heap, (-float(knapsack_increment(counts[i], p_P[i])), i))
    return np.array(counts)


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_heap_greedy_at_the_published_size(seed):
    """256 prompts x 8 with rates in sixteenths, element by element."""
    p_P = np.random.default_rng(seed).integers(1, 16, size=256) / 16
    counts_P = solve(knapsack(p_P), low_P=2, high_P=np.full(256, 128), total=2048)
    np.testing.assert_array_equal(counts_P, heap_greedy(p_P, total=2048, low=2, high=128))


def test_sampled_prices_give_the_same_answer_as_looking_at_everything(monkeypatch):
    """The large-instance path, forced on a small instance, agrees with full enumeration."""
    p_P = np.random.default_rng(3).random(300)
    problem = {"low_P": np.full(300, 1), "high_P": np.full(300, 200), "total": 3000}
    expected_P = solve(knapsack(p_P), **problem)
    monkeypatch.setattr("knapsack_rl.allocation.marginal._ENUMERATE", 1)
    monkeypatch.setattr("knapsack_rl.allocation.marginal._SAMPLE", 64)
    np.testing.assert_array_equal(solve(knapsack(p_P), **problem), expected_P)


def test_large_instance_is_optimal_by_its_marginal_price():
    """100,000 distinct prompts: no increment taken is below any increment left (KKT), and the sum is exact."""
    p_P = np.random.default_rng(0).random(100_000)
    counts_P = solve(knapsack(p_P), low_P=np.full(len(p_P), 2), high_P=128, total=800_000)
    assert counts_P.sum() == 800_000
    worst_taken = knapsack_increment(counts_P - 1, p_P)[counts_P > 2].min()
    best_left = knapsack_increment(counts_P, p_P)[counts_P < 128].max()
    assert worst_taken >= best_left


def test_kinds_are_only_a_shortcut():
    """Grouping equal prompts changes nothing, also when their bounds differ."""
    rng = np.random.default_rng(5)
    p_K, kind_P = rng.random(7), rng.integers(0, 7, size=60)
    low_P, high_P = rng.integers(0, 3, size=60) + 1, rng.integers(5, 12, size=60)
    grouped_P = solve(knapsack(p_K), low_P=low_P, high_P=high_P, total=300, kind_P=kind_P)
    plain_P = solve(knapsack(p_K[kind_P]), low_P=low_P, high_P=high_P, total=300)
    np.testing.assert_array_equal(grouped_P, plain_P)


def test_kinds_without_prompts_take_nothing():
    """A table of kinds may hold more than the step uses, even the most valuable one."""
    counts_P = solve(knapsack(np.array([0.33, 0.5])), low_P=2, high_P=9, total=7, kind_P=np.array([1]))
    np.testing.assert_array_equal(counts_P, [7])


def test_ties_go_to_the_lowest_positions():
    """Ten equal prompts and 23 rollouts: the first three get the extra one."""
    counts_P = solve(knapsack(np.full(10, 0.4)), low_P=np.full(10, 1), high_P=9, total=23)
    np.testing.assert_array_equal(counts_P, [3, 3, 3] + [2] * 7)


def test_random_ties_are_seeded_and_spread():
    """With a generator the extra rollouts move around, reproducibly, and the value stays the same."""
    p_P = np.full(50, 0.4)

    def draw(seed):
        return solve(knapsack(p_P), low_P=np.full(50, 1), high_P=9, total=120, rng=np.random.default_rng(seed))

    np.testing.assert_array_equal(draw(1), draw(1))
    assert (draw(1) != draw(2)).any()
    assert knapsack_value(draw(1), p_P).sum() == pytest.approx(knapsack_value(draw(2), p_P).sum())


@pytest.mark.parametrize("num_prompts", [4, 40_000])
def test_worthless_rollouts_are_dealt_evenly(num_prompts):
    """If nothing gains anything, all increments tie and the counts differ by at most one."""
    counts_P = solve(no_gain, low_P=np.full(num_prompts, 2), high_P=128, total=8 * num_prompts + 1)
    assert counts_P.sum() == 8 * num_prompts + 1
    assert set(counts_P) == {8, 9}


def test_linear_values_fill_the_best_prompts_to_the_brim():
    """Constant increments: the highest slopes take everything up to their bounds."""
    slope_P = np.array([1.0, 3.0, 2.0])
    counts_P = solve(lambda kind_M, _: slope_P[kind_M], low_P=[0, 0, 0], high_P=[5, 4, 3], total=8)
    np.testing.assert_array_equal(counts_P, [1, 4, 3])


def test_negative_increments_still_use_the_whole_total():
    """The total is exact even where every rollout hurts; the least harmful ones are taken, the first of two at -3."""
    cost_P = np.array([-1.0, -3.0, -2.0])
    counts_P = solve(lambda kind_M, n_M: cost_P[kind_M] * (1 + n_M), low_P=[0, 0, 0], high_P=9, total=4)
    np.testing.assert_array_equal(counts_P, [3, 0, 1])


def test_broken_concavity_still_ends_with_an_exact_sum(monkeypatch):
    """Rising increments have no greedy optimum, but neither hang the search nor break sum and bounds."""
    monkeypatch.setattr("knapsack_rl.allocation.marginal._ENUMERATE", 1)
    monkeypatch.setattr("knapsack_rl.allocation.marginal._SAMPLE", 4)
    counts_P = solve(lambda kind_M, n_M: n_M + 0.1 * kind_M, low_P=np.full(9, 2), high_P=20, total=95)
    assert counts_P.sum() == 95
    assert counts_P.min() >= 2
    assert counts_P.max() <= 20


def test_no_prompts_and_one_prompt():
    """Size 0 with total 0, and size 1 with any feasible total."""
    assert len(solve(no_gain, low_P=[], high_P=[], total=0)) == 0
    np.testing.assert_array_equal(solve(knapsack(np.array([0.5])), low_P=[2], high_P=[128], total=77), [77])


def test_upper_bounds_beyond_the_budget_cost_nothing():
    """A bound of a trillion is the same as no bound."""
    p_P = np.array([0.1, 0.5, 0.9])
    wide_P = solve(knapsack(p_P), low_P=[2, 2, 2], high_P=10**12, total=40)
    np.testing.assert_array_equal(wide_P, heap_greedy(p_P, total=40, low=2, high=40))


@pytest.mark.parametrize(
    ("low_P", "high_P", "total", "message"),
    [
        (
            [2, 2],
            [8, 8],
            3,
            "total 3 is below the lower bounds of 2 prompts, 4: raise it",
        ),
        (
            [2, 2],
            [8, 8],
            17,
            "total 17 is above the upper bounds of 2 prompts, 16: lower it",
        ),
        ([2, 9], [8, 8], 11, "prompt 1: lower bound 9 is above the upper bound 8"),
        ([-1, 2], [8, 8], 5, "lower bound -1 is negative: use 0 or more rollouts"),
        ([], [], 1, "total 1 is above the upper bounds of 0 prompts, 0: lower it"),
    ],
)
def test_infeasible_requests_say_why(low_P, high_P, *, total, message):
    """One line with the numbers and the remedy."""
    with pytest.raises(AllocationError) as caught:
        solve(no_gain, low_P=low_P, high_P=high_P, total=total)
    assert str(caught.value) == message


def test_increments_must_be_finite():
    """A NaN in a value function is reported, not turned into counts."""
    with pytest.raises(AllocationError, match="increment nan at 2 rollouts is not finite"):
        solve(lambda kind_M, _: np.full(len(kind_M), np.nan), low_P=[2, 2], high_P=9, total=8)
