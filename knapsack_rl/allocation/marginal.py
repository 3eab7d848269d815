"""The marginal price: selection of the best increments among many sorted lists, without a loop over rollouts.

Two prices guessed from a sample bracket the marginal one; everything above the first is taken, everything below the
second given up, and what is left is looked at one by one. A guess changes the speed only, never the answer.

Shapes: ``_K`` kinds of prompts, ``_M`` some increments.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import AllocationError

Increment = Callable[[IntArray, IntArray], FloatArray]
"""``increment(kind_M, num_rollouts_M)``: gain of one more rollout for these kinds at these counts.  [M]"""

_SAMPLE = 2**16  # most increments looked at to guess a price
_SAMPLE_EVERY = 16  # one candidate in so many is looked at, where that is fewer
_ENUMERATE = 2**12  # candidates up to which all are looked at; with more kinds than this, one per kind
_MARGIN = 0.04  # relative distance of the two guessed prices from the sampled quantile, about 3 standard errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A separable problem over kinds of prompts."""

    increment: Increment
    """Gain of one more rollout."""
    low_K: IntArray
    """Fewest rollouts of a prompt of each kind.  [K]"""
    high_K: IntArray
    """Most rollouts of a prompt of each kind.  [K]"""
    size_K: IntArray
    """Prompts of each kind; may be 0.  [K]"""

    def gains(self, kind_M: IntArray, count_M: IntArray) -> FloatArray:
        """Increments of some kinds at some counts [M]; AllocationError if one is not finite."""
        gain_M = self.increment(kind_M, count_M)
        if not np.isfinite(gain_M).all():
            where = int((~np.isfinite(gain_M)).argmax())
            raise AllocationError(
                f"increment {gain_M[where]} at {count_M[where]} rollouts is not finite: check the value"
            )
        return gain_M


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bracket:
    """Counts below ``floor_K`` are taken, counts from ``ceiling_K`` on are not; ``need`` more lie between them."""

    floor_K: IntArray
    ceiling_K: IntArray
    need: int
    flat: bool = False  # all candidates between them have the same increment

    @property
    def span_K(self) -> IntArray:
        return self.ceiling_K - self.floor_K


def marginal_counts(problem: Problem, need: int) -> tuple[IntArray, IntArray]:
    """The best ``need`` increments, up to the choice among equal ones.

    Args:
        problem: Increments, bounds and sizes of the kinds.
        need: Rollouts to hand out above the lower bounds; at least 1 and no more than the bounds can take.

    Returns:
        Per kind: the count up to which increments are above the marginal price, and how many more are equal to it. The
        first, times the sizes, uses at most ``need``; both together use at least ``need``.  [K], [K]
    """
    ceiling_K = np.minimum(problem.high_K, problem.low_K + need)
    bracket = _Bracket(floor_K=problem.low_K, ceiling_K=ceiling_K, need=need)
    limit = max(_ENUMERATE, len(problem.size_K))
    guess_rng = np.random.default_rng(0)  # guesses change the speed only, never the answer
    previous, candidates = -1, int(bracket.span_K.sum())
    while not bracket.flat and candidates > limit and candidates != previous:
        for price in _guess_prices(problem, bracket, rng=guess_rng):
            bracket = _cut(problem, bracket, price=price)
        previous, candidates = candidates, int(bracket.span_K.sum())  # equal only if rounding broke the concavity
    return _enumerate(problem, bracket)


def _guess_prices(problem: Problem, bracket: _Bracket, *, rng: np.random.Generator) -> tuple[float, float]:
    """Two increments, one a little above the marginal price and one a little below it, from a stratified sample."""
    end_K = np.cumsum(bracket.span_K)
    num_samples = min(_SAMPLE, int(end_K[-1]) // _SAMPLE_EVERY + 1)
    stratum = end_K[-1] / num_samples
    position_M = np.minimum((np.arange(num_samples) + rng.random(num_samples)) * stratum, end_K[-1] - 1)
    position_M = position_M.astype(np.int64)
    kind_M = np.searchsorted(end_K, position_M, side="right")
    count_M = bracket.ceiling_K[kind_M] - (end_K[kind_M] - position_M)
    gain_M = problem.gains(kind_M, count_M)
    order_M = np.argsort(-gain_M)
    taken_M = np.cumsum(problem.size_K[kind_M[order_M]])
    quantile = bracket.need / int((bracket.span_K * problem.size_K).sum())
    wanted = quantile * taken_M[-1] * np.array([1.0 - _MARGIN, 1.0 + _MARGIN])
    rank = np.minimum(np.searchsorted(taken_M, wanted), num_samples - 1)
    above, below = gain_M[order_M[rank]]
    return float(above), float(below)


def _cut(problem: Problem, bracket: _Bracket, *, price: float) -> _Bracket:
    """Narrow the bracket by taking, or giving up, everything on one side of the price."""
    reach_K = _reach(problem, bracket, price=price, strictly=False)
    extra = int(((reach_K - bracket.floor_K) * problem.size_K).sum())
    if extra <= bracket.need:
        ceiling_K = reach_K if extra == bracket.need else bracket.ceiling_K
        return replace(bracket, floor_K=reach_K, ceiling_K=ceiling_K, need=bracket.need - extra)
    bracket = replace(bracket, ceiling_K=reach_K)
    above_K = _reach(problem, bracket, price=price, strictly=True)
    extra = int(((above_K - bracket.floor_K) * problem.size_K).sum())
    if extra <= bracket.need:
        return replace(bracket, floor_K=above_K, need=bracket.need - extra, flat=True)
    return replace(bracket, ceiling_K=above_K)


def _reach(problem: Problem, bracket: _Bracket, *, price: float, strictly: bool) -> IntArray:
    """First count of each kind inside the bracket whose increment is below the price (``strictly``: not above it)."""
    reach_K = bracket.floor_K.copy()
    wall_K = bracket.ceiling_K.copy()
    open_M = np.flatnonzero(reach_K < wall_K)
    stride = 1
    while open_M.size:  # doubling strides from the floor, then halving: short when the answer is near the floor
        reach_M, wall_M = reach_K[open_M], wall_K[open_M]
        probe_M = np.minimum(reach_M + (stride - 1), (reach_M + wall_M) // 2)
        gain_M = problem.gains(open_M, probe_M)
        beyond_M = gain_M > price if strictly else gain_M >= price
        reach_M = np.where(beyond_M, probe_M + 1, reach_M)
        wall_M = np.where(beyond_M, wall_M, probe_M)
        reach_K[open_M], wall_K[open_M] = reach_M, wall_M
        open_M = open_M[reach_M < wall_M]
        stride *= 2
    return reach_K


def _enumerate(problem: Problem, bracket: _Bracket) -> tuple[IntArray, IntArray]:
    """Settle the bracket by looking at every candidate left in it."""
    span_K = bracket.span_K
    if bracket.flat or bracket.need == 0:
        return bracket.floor_K, span_K if bracket.flat else np.zeros_like(span_K)
    num_kinds = len(span_K)
    kind_M = np.repeat(np.arange(num_kinds), span_K)
    count_M = np.arange(len(kind_M)) - np.repeat(np.cumsum(span_K) - bracket.ceiling_K, span_K)
    gain_M = problem.gains(kind_M, count_M)
    price = _weighted_rank(gain_M, problem.size_K, kind_M=kind_M, need=bracket.need)
    above_K = np.bincount(kind_M[gain_M > price], minlength=num_kinds)
    equal_K = np.bincount(kind_M[gain_M == price], minlength=num_kinds)
    return bracket.floor_K + above_K, equal_K


def _weighted_rank(gain_M: FloatArray, size_K: IntArray, *, kind_M: IntArray, need: int) -> float:
    """The ``need``-th largest gain when each counts once per prompt of its kind."""
    if (size_K == 1).all():
        position = len(gain_M) - need
        return float(np.partition(gain_M, position)[position])
    order_M = np.argsort(-gain_M)
    taken_M = np.cumsum(size_K[kind_M[order_M]])
    return float(gain_M[order_M[np.searchsorted(taken_M, need)]])
