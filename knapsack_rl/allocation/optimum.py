"""What every plug-in rule does around its optimum: unseen prompts get the uniform share, the rest is solved."""

from collections.abc import Callable

import numpy as np

from knapsack_rl.allocation.dealing import deal
from knapsack_rl.allocation.kinds import group_equal
from knapsack_rl.allocation.solver import solve
from knapsack_rl.allocation.strategy import AllocationRequest
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import AllocationError


def require_first_rollout(request: AllocationRequest) -> None:
    """Raise AllocationError if a prompt may get no rollout: these values are concave from one rollout on, not zero."""
    if request.low < 1 and request.prompt_ids:
        raise AllocationError(f"lower bound {request.low} is too low for this rule: use 1 or more (the paper: 2)")


def best_by_rate(
    increment: Callable[[IntArray, FloatArray], FloatArray],
    rate_P: FloatArray,
    *,
    request: AllocationRequest,
    rng: np.random.Generator,
) -> IntArray:
    """The exact optimum over the prompts with a known rate; ties are random.

    Unseen prompts get ``total // P``; what the known ones cannot hold goes evenly to whatever still has room.

    Args:
        increment: ``increment(num_rollouts_M, p_M)``, finite and non-increasing in N from the lower bound on.
        rate_P: Success rates, or whatever else the increment depends on; NaN for unseen prompts.  [P]
        request: Total and bounds; the lower bound must be at least 1.
        rng: Source of random ties.

    Returns:
        Counts within the bounds, summing to the total.  [P]

    Raises:
        AllocationError: The lower bound is 0.
    """
    require_first_rollout(request)
    known_P = ~np.isnan(rate_P)
    counts_P = np.full(len(rate_P), request.low)
    counts_P[~known_P] = request.total // max(len(rate_P), 1)
    if known_P.any():
        kind_P, first_K = group_equal(rate_P[known_P])
        p_K = rate_P[known_P][first_K]
        counts_P[known_P] = solve(
            lambda kind_M, num_rollouts_M: increment(num_rollouts_M, p_K[kind_M]),
            low_P=request.low,
            high_P=request.high,
            total=min(request.total - int(counts_P[~known_P].sum()), len(kind_P) * request.high),
            kind_P=kind_P,
            rng=rng,
        )
    return counts_P + deal(request.high - counts_P, request.total - int(counts_P.sum()), rng=rng)


def best_by_posterior(
    increment: Callable[[IntArray, FloatArray, FloatArray], FloatArray],
    posterior: tuple[FloatArray, FloatArray],
    *,
    request: AllocationRequest,
    rng: np.random.Generator,
) -> IntArray:
    """The exact optimum of a mean value under Beta posteriors; ties are random.

    Args:
        increment: ``increment(num_rollouts_M, a_M, b_M)``, non-increasing in N from the lower bound on.
        posterior: Pseudo-successes and pseudo-failures.  [P], [P]
        request: Total and bounds.
        rng: Source of random ties.

    Returns:
        Counts within the bounds, summing to the total.  [P]
    """
    kind_P, first_K = group_equal(*posterior)
    a_K, b_K = (column_P[first_K] for column_P in posterior)
    return solve(
        lambda kind_M, num_rollouts_M: increment(num_rollouts_M, a_K[kind_M], b_K[kind_M]),
        low_P=request.low,
        high_P=request.high,
        total=request.total,
        kind_P=kind_P,
        rng=rng,
    )
