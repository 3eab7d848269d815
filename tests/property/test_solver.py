"""Properties of the solver and of every strategy, on random instances."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from knapsack_rl.allocation import AllocationRequest, build_strategy, run_strategy, solve, strategy_names
from knapsack_rl.allocation.value import knapsack_increment, knapsack_value
from knapsack_rl.beliefs import BeliefArrays

SETTINGS = settings(max_examples=60, deadline=None)


@st.composite
def concave_tables(draw, *, max_prompts=4, max_count=6):
    """Non-increasing increments per prompt (whole numbers, so ties are common), bounds, and a feasible total."""
    num_prompts = draw(st.integers(1, max_prompts))
    gains = st.lists(st.integers(-2, 5), min_size=max_count, max_size=max_count)
    table = np.array([sorted(draw(gains), reverse=True) for _ in range(num_prompts)], dtype=np.float64)
    low_P = np.array([draw(st.integers(0, max_count)) for _ in range(num_prompts)])
    high_P = np.array([draw(st.integers(int(low), max_count)) for low in low_P])
    return table, low_P, high_P, draw(st.integers(int(low_P.sum()), int(high_P.sum())))


def objective(table, counts_P):
    return sum(table[i, :n].sum() for i, n in enumerate(counts_P))


def solve_table(instance, **extra):
    table, low_P, high_P, total = instance
    return solve(lambda row_M, n_M: table[row_M, n_M], low_P=low_P, high_P=high_P, total=total, **extra)


@SETTINGS
@given(concave_tables(), st.none() | st.integers(0, 99))
def test_no_feasible_answer_is_better(instance, seed):
    """Brute force over all counts; the answer is feasible, sums exactly and is as good as the best."""
    table, low_P, high_P, total = instance
    counts_P = solve_table(instance, rng=None if seed is None else np.random.default_rng(seed))
    assert counts_P.sum() == total
    assert ((low_P <= counts_P) & (counts_P <= high_P)).all()
    ranges = (range(low, high + 1) for low, high in zip(low_P, high_P, strict=True))
    best = max(objective(table, counts) for counts in itertools.product(*ranges) if sum(counts) == total)
    assert objective(table, counts_P) == best


def dynamic_program(instance):
    """Largest objective by the textbook recursion over prompts and rollouts spent; O(P total high) steps."""
    table, low_P, high_P, total = instance
    best = np.full(total + 1, -np.inf)
    best[0] = 0.0
    for gain_N, low, high in zip(table, low_P, high_P, strict=True):
        value_N = np.concatenate([[0.0], np.cumsum(gain_N)])
        following = np.full(total + 1, -np.inf)
        for n in range(low, min(high, total) + 1):
            following[n:] = np.maximum(following[n:], best[: total + 1 - n] + value_N[n])
        best = following
    return best[total]


@SETTINGS
@given(concave_tables(max_prompts=12, max_count=20), st.none() | st.integers(0, 99))
def test_a_dynamic_program_finds_nothing_better(instance, seed):
    """An independent exact method, on instances too large for brute force."""
    counts_P = solve_table(instance, rng=None if seed is None else np.random.default_rng(seed))
    assert objective(instance[0], counts_P) == dynamic_program(instance)


@SETTINGS
@given(st.lists(st.floats(0.01, 0.49), min_size=1, max_size=30, unique=True), st.randoms(use_true_random=False))
def test_permuted_prompts_get_permuted_counts(rates, random):
    """Where no two increments are equal, counts follow their prompts, under both ways to break ties."""
    order = list(range(len(rates)))
    random.shuffle(order)
    p_P = np.array(rates)
    increments = knapsack_increment(np.arange(1, 40)[:, None], p_P).ravel()
    assume(len(np.unique(increments)) == len(increments))

    def counts(p_P, rng):
        return solve(
            lambda kind_M, n_M: knapsack_increment(n_M, p_P[kind_M]),
            low_P=np.full(len(p_P), 1),
            high_P=40,
            total=8 * len(p_P),
            rng=rng,
        )

    np.testing.assert_array_equal(counts(p_P, None)[order], counts(p_P[order], None))
    np.testing.assert_array_equal(counts(p_P, None), counts(p_P, np.random.default_rng(3)))


@SETTINGS
@given(concave_tables(max_prompts=8, max_count=10))
def test_sampled_prices_never_change_the_answer(instance):
    """The path for large instances, forced on small ones, gives the same counts, ties included."""
    expected_P = solve_table(instance)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("knapsack_rl.allocation.marginal._ENUMERATE", 1)
        patch.setattr("knapsack_rl.allocation.marginal._SAMPLE", 4)
        np.testing.assert_array_equal(solve_table(instance), expected_P)


@SETTINGS
@given(concave_tables(max_prompts=8))
def test_one_more_rollout_takes_none_away(instance):
    """Counts are monotone in the total."""
    table, low_P, high_P, total = instance
    assume(total < high_P.sum())
    more_P = solve_table((table, low_P, high_P, total + 1))
    difference_P = more_P - solve_table(instance)
    assert difference_P.sum() == 1
    assert difference_P.min() >= 0


@SETTINGS
@given(concave_tables(max_prompts=8), st.randoms(use_true_random=False))
def test_order_of_prompts_does_not_matter(instance, random):
    """A permuted instance has the same objective (counts may move between ties)."""
    table, low_P, high_P, total = instance
    order = list(range(len(table)))
    random.shuffle(order)
    permuted_P = solve_table((table[order], low_P[order], high_P[order], total))
    assert objective(table[order], permuted_P) == objective(table, solve_table(instance))


@SETTINGS
@given(
    instance=concave_tables(max_prompts=3), kinds=st.lists(st.integers(0, 2), min_size=1, max_size=9), data=st.data()
)
def test_grouping_equal_prompts_changes_nothing(instance, kinds, *, data):
    """Kinds with bounds of their own give the counts of the ungrouped problem."""
    table, *_ = instance
    kind_P = np.array(kinds) % len(table)
    low_P = np.array([data.draw(st.integers(0, 3)) for _ in kinds])
    high_P = low_P + [data.draw(st.integers(0, 3)) for _ in kinds]
    total = data.draw(st.integers(int(low_P.sum()), int(high_P.sum())))
    np.testing.assert_array_equal(
        solve_table((table, low_P, high_P, total), kind_P=kind_P),
        solve_table((table[kind_P], low_P, high_P, total)),
    )


@SETTINGS
@given(st.lists(st.floats(1e-6, 1 - 1e-6), min_size=1, max_size=40), st.integers(2, 12))
def test_knapsack_optimum_has_a_marginal_price(rates, share):
    """No rollout taken gains less than one left out, and no exchange of two rollouts helps."""
    p_P = np.array(rates)
    counts_P = solve(
        lambda kind_M, n_M: knapsack_increment(n_M, p_P[kind_M]),
        low_P=np.full(len(p_P), 2),
        high_P=30,
        total=share * len(p_P),
    )
    taken = knapsack_increment(counts_P - 1, p_P)[counts_P > 2]
    left = knapsack_increment(counts_P, p_P)[counts_P < 30]
    assert min(taken, default=np.inf) >= max(left, default=-np.inf)
    assert knapsack_value(counts_P, p_P).sum() >= knapsack_value(np.full(len(p_P), share), p_P).sum() - 1e-12


def beliefs_of(kinds):
    """Prompts by letter: u unknown, 0 failed, 1 solved, m mixed."""
    successes = {"u": 0, "0": 0, "1": 8, "m": 3}
    draws = {"u": 0, "0": 8, "1": 8, "m": 8}
    return BeliefArrays.from_counts([successes[k] for k in kinds], [draws[k] for k in kinds])


@st.composite
def requests(draw, num_prompts):
    """Feasible bounds and total for a number of prompts."""
    low = draw(st.integers(1, 5))
    high = draw(st.integers(low, 40))
    total = draw(st.integers(low * num_prompts, high * num_prompts))
    return AllocationRequest(total=total, low=low, high=high, prompt_ids=tuple(map(str, range(num_prompts))))


@pytest.mark.parametrize("name", strategy_names())
@settings(max_examples=40, deadline=None)
@given(kinds=st.text("u01m", max_size=24), data=st.data())
@example(kinds="uuuuu", data=None)
@example(kinds="00000", data=None)
@example(kinds="11111", data=None)
@example(kinds="mmmmm", data=None)
@example(kinds="u", data=None)
@example(kinds="", data=None)
def test_every_strategy_keeps_its_contract(name, kinds, *, data):
    """Exact sum, bounds, whole numbers, state returned, and the same answer from the same generator."""
    num_prompts = len(kinds)
    request = (
        data.draw(requests(num_prompts))
        if data
        else AllocationRequest(total=8 * num_prompts, low=2, high=128, prompt_ids=tuple(map(str, range(num_prompts))))
    )
    answers = [
        run_strategy(
            build_strategy(name), beliefs_of(kinds), request=request, state={"kept": 1}, rng=np.random.default_rng(5)
        )
        for _ in range(2)
    ]
    (counts_P, state), (again_P, _) = answers
    assert counts_P.sum() == request.total
    if build_strategy(name).keeps_bounds:
        assert ((request.low <= counts_P) & (counts_P <= request.high)).all()
    assert counts_P.dtype == np.int64
    assert json.loads(json.dumps(state)) == state
    np.testing.assert_array_equal(counts_P, again_P)
