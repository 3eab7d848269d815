"""Exact maximiser of a separable concave value over whole rollouts. The only solver of this package.

Maximise ``sum_i v_i(N_i)`` subject to ``sum_i N_i = total`` and ``low_i <= N_i <= high_i``, where each ``v_i`` has
non-increasing increments. Taking the largest increments is optimal: the value of any feasible answer is
``sum v_i(low_i)`` plus ``total - sum low_i`` increments, and the largest ones form a prefix of every prompt's list.
So the answer is "every increment above the marginal price, and some of those that equal it"; ``marginal.py``
finds that price.

Shapes: ``_P`` prompts, ``_K`` kinds (groups of prompts with equal increments and bounds), ``_M`` some of them.
"""

import numpy as np
import numpy.typing as npt

from knapsack_rl.allocation.dealing import deal
from knapsack_rl.allocation.feasible import check_feasible
from knapsack_rl.allocation.kinds import group_equal
from knapsack_rl.allocation.marginal import Increment, Problem, marginal_counts
from knapsack_rl.base.arrays import IntArray


def solve(
    increment: Increment,
    *,
    low_P: npt.ArrayLike,
    high_P: npt.ArrayLike,
    total: int,
    kind_P: IntArray | None = None,
    rng: np.random.Generator | None = None,
) -> IntArray:
    """Rollouts per prompt with the largest total value.

    Equal increments are interchangeable: they are dealt one per prompt in turn, to the lowest positions first, or in
    random order if ``rng`` is given. Time is near-linear and memory linear in the number of prompts.

    Args:
        increment: ``increment(kind_M, num_rollouts_M)``, the finite gain of rollout N + 1; non-increasing in N.
        low_P: Fewest rollouts of each prompt, [P] or one number for all.
        high_P: Most rollouts of each prompt, [P] or one number for all.
        total: Rollouts to hand out.
        kind_P: Kind of each prompt, 0 .. K-1; without it every prompt is its own kind. Pass it when values repeat:
            only distinct ones are evaluated.  [P]
        rng: Source of random ties.

    Returns:
        Counts within the bounds, summing to ``total``.  [P]

    Raises:
        AllocationError: No counts fit the bounds and the total, or an increment is not finite.
    """
    shape = np.shape(kind_P) if kind_P is not None else np.broadcast_shapes(np.shape(low_P), np.shape(high_P), (1,))
    floor_P = np.broadcast_to(np.asarray(low_P, dtype=np.int64), shape)
    ceiling_P = np.broadcast_to(np.asarray(high_P, dtype=np.int64), shape)
    check_feasible(floor_P, ceiling_P, total=total)
    if total == int(floor_P.sum()):
        return floor_P.copy()
    problem, column_P = _by_kind(increment, floor_P, ceiling_P=ceiling_P, kind_P=kind_P)
    sure_K, tied_K = marginal_counts(problem, total - int(floor_P.sum()))
    counts_P = sure_K[column_P]
    return counts_P + deal(tied_K[column_P], total - int(counts_P.sum()), rng=rng)


def _by_kind(
    increment: Increment, floor_P: IntArray, *, ceiling_P: IntArray, kind_P: IntArray | None
) -> tuple[Problem, IntArray]:
    """Collapse prompts to kinds, splitting a kind whose prompts have different bounds."""
    if kind_P is None:
        size_P = np.ones(len(floor_P), dtype=np.int64)
        return Problem(increment=increment, low_K=floor_P, high_K=ceiling_P, size_K=size_P), np.arange(len(floor_P))
    if np.ptp(floor_P) == 0 and np.ptp(ceiling_P) == 0:
        size_K = np.bincount(kind_P)
        low_K, high_K = np.full(len(size_K), floor_P[0]), np.full(len(size_K), ceiling_P[0])
        return Problem(increment=increment, low_K=low_K, high_K=high_K, size_K=size_K), kind_P
    split_P, first_K = group_equal(kind_P, floor_P, ceiling_P)
    origin_K = kind_P[first_K]
    problem = Problem(
        increment=lambda kind_M, num_rollouts_M: increment(origin_K[kind_M], num_rollouts_M),
        low_K=floor_P[first_K],
        high_K=ceiling_P[first_K],
        size_K=np.bincount(split_P),
    )
    return problem, split_P
