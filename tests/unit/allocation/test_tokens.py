"""Rollouts of unequal cost: the greedy per token against all answers, and its bound."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from knapsack_rl.allocation import AllocationRequest, build_strategy, run_strategy
from knapsack_rl.allocation.tokens import TokenProblem, solve_tokens
from knapsack_rl.allocation.value import knapsack_increment
from knapsack_rl.base.errors import AllocationError, ConfigError
from knapsack_rl.beliefs import BeliefArrays

ROUNDING = 1.0 + 1e-12  # of a budget that is a sum of costs: what the solver takes as within it


def problem_of(p_P, cost_P, *, high, budget):
    p_P, cost_P = np.array(p_P), np.array(cost_P, dtype=np.float64)
    return TokenProblem(
        increment=lambda prompt_M, n_M: knapsack_increment(n_M, p_P[prompt_M]),
        low=1,
        high=high,
        cost_P=cost_P,
        budget=budget,
    )


def best_of_all(problem):
    """Largest gain of any counts that fit."""
    gain_P_N = [
        np.cumsum([0.0, *(float(problem.increment(np.array([i]), np.array([n]))[0]) for n in range(1, problem.high))])
        for i in range(len(problem.cost_P))
    ]
    return max(
        sum(gain_N[n - 1] for gain_N, n in zip(gain_P_N, counts, strict=True))
        for counts in itertools.product(range(1, problem.high + 1), repeat=len(gain_P_N))
        if np.array(counts) @ problem.cost_P <= problem.budget * ROUNDING
    )


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(1, 20)), min_size=1, max_size=4),
    st.floats(0.0, 1.0),
    st.integers(0, 9),
)
@example(prompts=[(0.5, 1)] * 3, fraction=1.0 - 2.0**-53, seed=0)  # one rounding below a whole number
def test_bound_holds_and_is_close(prompts, fraction, seed):
    """Gain <= optimum <= bound, and the gap is below one rollout's gain; budget and bounds hold, nothing is idle."""
    p_P, cost_P = zip(*prompts, strict=True)
    least, most = sum(cost_P), 5 * sum(cost_P)
    problem = problem_of(p_P, cost_P, high=5, budget=least + fraction * (most - least))
    answer = solve_tokens(problem, rng=np.random.default_rng(seed))
    spent = answer.counts_P @ problem.cost_P
    assert answer.counts_P.min() >= 1
    assert answer.counts_P.max() <= 5
    assert spent <= problem.budget * (1.0 + 1e-9)
    idle_P = (answer.counts_P < 5) & (problem.cost_P <= problem.budget - spent - 1e-6)
    assert not idle_P.any()
    optimum = best_of_all(problem)
    assert answer.gain <= optimum + 1e-12
    assert optimum <= answer.bound + 1e-12
    assert answer.bound - answer.gain <= max(knapsack_increment(1, np.array(p_P))) + 1e-12


def test_dear_prompts_get_less():
    """Two prompts alike but for their cost: gain per token evens out, not gain."""
    problem = problem_of([0.3, 0.3], [10.0, 100.0], high=64, budget=880.0)
    counts_P = solve_tokens(problem, rng=np.random.default_rng(0)).counts_P
    assert counts_P[0] > 2 * counts_P[1]


def test_large_instance_is_nearly_optimal():
    """2000 prompts with costs from 50 to 4000 tokens: a gap of less than 0.01 %."""
    rng = np.random.default_rng(0)
    cost_P = rng.uniform(50.0, 4000.0, 2000)
    problem = problem_of(rng.random(2000), cost_P, high=128, budget=8.0 * cost_P.sum())
    answer = solve_tokens(problem, rng=rng)
    assert 0.0 <= answer.bound - answer.gain < 1e-4 * answer.bound


def test_worthless_rollouts_are_dealt_in_rounds():
    """Nothing gains anything: the budget is still used, evenly."""
    problem = problem_of([0.0, 1.0, 0.0], [2.0, 2.0, 2.0], high=9, budget=32.0)
    assert sorted(solve_tokens(problem, rng=np.random.default_rng(1)).counts_P.tolist()) == [5, 5, 6]


def run(cost_P, *, total=64):
    request = AllocationRequest(total=total, low=2, high=32, prompt_ids=tuple("abcdefgh"), cost_P=cost_P)
    beliefs = BeliefArrays.from_counts([0, 0, 1, 2, 4, 6, 7, 8], [8] * 8)
    return run_strategy(
        build_strategy("knapsack_tokens"), beliefs, request=request, state={}, rng=np.random.default_rng(0)
    )


def test_equal_costs_are_the_posterior_rule():
    """With or without a price on it, a rollout is a rollout; the greedy is exact."""
    for cost_P in (None, np.full(8, 37.0)):
        counts_P, state = run(cost_P)
        assert counts_P.tolist() == [10, 10, 11, 10, 7, 7, 6, 3]
        assert state["gain"] == pytest.approx(state["bound"], rel=1e-12)


def test_unequal_costs_spend_what_uniform_would():
    """Hard prompts with long answers get fewer rollouts than without costs, and the tokens are those of 8 each."""
    cost_P = np.array([400.0, 400.0, 300.0, 200.0, 100.0, 80.0, 60.0, 50.0])
    counts_P, state = run(cost_P)
    assert counts_P @ cost_P <= 8 * cost_P.sum()
    assert counts_P @ cost_P > 8 * cost_P.sum() - cost_P.min()
    assert counts_P[0] < 10
    assert counts_P.sum() != 64
    assert state["gain"] <= state["bound"]


def test_a_random_control_of_a_token_budget_is_refused():
    """Its permuted counts would cost another amount."""
    with pytest.raises(ConfigError, match="'knapsack_tokens' spends tokens"):
        build_strategy("random_matched", {"of": "knapsack_tokens"})


def test_budget_and_idle_tokens_are_checked():
    """The contract holds for tokens as it does for rollouts."""
    request = AllocationRequest(total=16, low=2, high=9, prompt_ids=("a", "b"), cost_P=np.array([1.0, 3.0]))
    rule = build_strategy("knapsack_tokens")

    def forced(counts):
        class Forced(type(rule)):
            def __call__(self, beliefs, request, *, state, rng):
                del beliefs, request, rng
                return np.array(counts), state

        beliefs = BeliefArrays.from_rates([0.5, 0.5])
        return run_strategy(Forced(), beliefs, request=request, state={}, rng=np.random.default_rng(0))

    with pytest.raises(AllocationError, match="knapsack_tokens broke its contract: 4 tokens above the budget of 32"):
        forced([9, 9])
    with pytest.raises(AllocationError, match="24 tokens left for prompt 0"):
        forced([2, 2])
