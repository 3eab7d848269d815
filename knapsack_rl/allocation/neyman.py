"""Neyman allocation: the least total variance c / N. Shapes: ``_P`` prompts."""

import numpy as np

from knapsack_rl.allocation.optimum import best_by_rate
from knapsack_rl.allocation.strategy import AllocationRequest
from knapsack_rl.base.arrays import FloatArray, IntArray


def neyman_counts(weight_P: FloatArray, *, request: AllocationRequest, rng: np.random.Generator) -> IntArray:
    """Counts with the least ``sum c_i / N_i``; without bounds and rounding N is proportional to ``sqrt(c)``.

    The gain of rollout N + 1 is ``c / (N (N + 1))``. Prompts with a NaN weight get ``total // P``.

    Args:
        weight_P: Weights c >= 0, NaN for unseen prompts.  [P]
        request: Total and bounds; the lower bound must be at least 1.
        rng: Source of random ties.

    Returns:
        Counts within the bounds, summing to the total.  [P]

    Raises:
        AllocationError: The lower bound is 0.
    """
    return best_by_rate(lambda n, c: c / (n * (n + 1.0)), weight_P, request=request, rng=rng)
