"""Greedy by gain per token, for rollouts of unequal cost, with a bound on what any answer could be worth.

Unequal costs make the problem a true knapsack. Taking increments by gain per token is optimal if the last rollout may
be split, so that relaxed optimum bounds every whole answer, and the greedy falls short of it by less than one
rollout's gain. Shapes: ``_P`` prompts, ``_M`` some of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from knapsack_rl.base.arrays import FloatArray, IntArray

Increment = Callable[[IntArray, IntArray], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """Counts under a token budget and how good they are at least."""

    counts_P: IntArray
    """Rollouts per prompt.  [P]"""
    gain: float
    """Value gained above the lower bounds."""
    bound: float
    """What no answer within the budget can exceed (fractional relaxation); equal to ``gain`` if that is optimal."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TokenProblem:
    """Maximise ``sum v_i(N_i)`` subject to ``sum c_i N_i <= budget`` and bounds."""

    increment: Increment
    """``increment(prompt_M, num_rollouts_M)``: gain of rollout N + 1, >= 0 and non-increasing in N.  [M]"""
    low: int
    """Fewest rollouts of any prompt; the budget must hold them."""
    high: int
    """Most rollouts of any prompt."""
    cost_P: FloatArray
    """Tokens of one rollout, > 0.  [P]"""
    budget: float
    """Tokens to spend."""

    def ratio(self, prompt_M: IntArray, count_M: IntArray) -> FloatArray:
        """Gain per token of one more rollout.  [M]."""
        return self.increment(prompt_M, count_M) / self.cost_P[prompt_M]

    def left(self, counts_P: IntArray) -> float:
        """Tokens not spent; a rounding error below 0 counts as none."""
        return self.budget * (1.0 + 1e-12) - float(counts_P @ self.cost_P)


def solve_tokens(problem: TokenProblem, *, rng: np.random.Generator) -> TokenAnswer:
    """Counts by gain per token; what is left afterwards goes to the best rollouts that it still pays for.

    Args:
        problem: Values, costs, bounds and budget.
        rng: Source of random ties.

    Returns:
        Counts within bounds and budget, leaving no rollout that the rest would pay for; their gain; and the bound.
    """
    floor_P, ceiling_P = _bracket(problem)
    counts_P, price, left = _fill_in_order(problem, floor_P, ceiling_P=ceiling_P, rng=rng)
    bound = _gain(problem, counts_P) + max(price, 0.0) * left
    while True:
        open_P = np.flatnonzero((counts_P < problem.high) & (problem.cost_P <= problem.left(counts_P)))
        if not len(open_P):
            break
        ratio_M = problem.ratio(open_P, counts_P[open_P])
        counts_P[rng.choice(open_P[ratio_M == ratio_M.max()])] += 1
    return TokenAnswer(counts_P=counts_P, gain=_gain(problem, counts_P), bound=bound)


def _bracket(problem: TokenProblem) -> tuple[IntArray, IntArray]:
    """Counts that surely fit and counts that surely are reached, at two prices close to the marginal one."""
    floor_P = np.full(len(problem.cost_P), problem.low)
    ceiling_P = np.full(len(problem.cost_P), problem.high)
    everyone_P = np.arange(len(floor_P))
    above = float(problem.ratio(everyone_P, floor_P).max(initial=0.0))
    below = 0.0
    for _ in range(200):
        if int((ceiling_P - floor_P).sum()) <= len(floor_P):
            break
        price = float(np.sqrt(below * above)) if below > 0.0 else above / 1024.0
        if not below < price < above:
            break
        counts_P = _counts_above(problem, floor_P, ceiling_P=ceiling_P, price=price)
        if problem.left(counts_P) >= 0.0:
            floor_P, above = counts_P, price
        else:
            ceiling_P, below = counts_P, price
    return floor_P, ceiling_P


def _counts_above(problem: TokenProblem, floor_P: IntArray, *, ceiling_P: IntArray, price: float) -> IntArray:
    """First count of each prompt between floor and ceiling whose gain per token is not above the price, [P]."""
    reach_P, wall_P = floor_P.copy(), ceiling_P.copy()
    open_M = np.flatnonzero(reach_P < wall_P)
    while len(open_M):
        middle_M = (reach_P[open_M] + wall_P[open_M]) // 2
        above_M = problem.ratio(open_M, middle_M) > price
        reach_P[open_M[above_M]] = middle_M[above_M] + 1
        wall_P[open_M[~above_M]] = middle_M[~above_M]
        open_M = open_M[reach_P[open_M] < wall_P[open_M]]
    return reach_P


def _fill_in_order(
    problem: TokenProblem, floor_P: IntArray, *, ceiling_P: IntArray, rng: np.random.Generator
) -> tuple[IntArray, float, float]:
    """Take the candidates between floor and ceiling by gain per token until one does not fit.

    Returns:
        Counts [P], the gain per token of the rollout that did not fit (0 if all did), and the tokens left.
    """
    span_P = ceiling_P - floor_P
    prompt_M = np.repeat(np.arange(len(span_P)), span_P)
    count_M = np.arange(len(prompt_M)) - np.repeat(np.cumsum(span_P) - ceiling_P, span_P)
    ratio_M = problem.ratio(prompt_M, count_M)
    order_M = np.lexsort((rng.random(len(prompt_M)), count_M, -ratio_M))
    left = problem.left(floor_P)
    num_taken = int(np.searchsorted(np.cumsum(problem.cost_P[prompt_M[order_M]]), left, side="right"))
    counts_P = floor_P + np.bincount(prompt_M[order_M[:num_taken]], minlength=len(floor_P))
    price = float(ratio_M[order_M[num_taken]]) if num_taken < len(order_M) else 0.0
    return counts_P, price, max(problem.left(counts_P), 0.0)


def _gain(problem: TokenProblem, counts_P: IntArray) -> float:
    """Sum of the increments above the lower bounds."""
    taken_P = counts_P - problem.low
    prompt_M = np.repeat(np.arange(len(taken_P)), taken_P)
    count_M = problem.low + np.arange(len(prompt_M)) - np.repeat(np.cumsum(taken_P) - taken_P, taken_P)
    return float(problem.increment(prompt_M, count_M).sum())
