"""The released fallback of Knapsack RL: what uncertain prompts need, and who gets the rest."""

import math

import numpy as np

from knapsack_rl.allocation.dealing import deal
from knapsack_rl.base.arrays import FloatArray, IntArray


def exploration_target(p_P: FloatArray, *, high: int, alpha: float) -> IntArray:
    """Rollouts after which a non-zero gradient has about probability ``alpha``.

    ``floor(min(high, ln(1 - alpha) / ln(max(p, 1 - p))))``, for 0 < p < 1. It is the necessary bound of
    arXiv 2509.25849v1, Theorem 1 (only the likelier way to fail is counted), as the released code rounds it.

    Args:
        p_P: Success rates strictly between 0 and 1.  [P]
        high: Most rollouts of a prompt.
        alpha: Wanted probability, strictly between 0 and 1.

    Returns:
        Rollouts, at most ``high``.  [P]
    """
    log_one_sided_P = np.log1p(-np.minimum(p_P, 1.0 - p_P))  # never 0, unlike log(max(p, 1 - p)) for tiny p
    with np.errstate(over="ignore"):
        wanted_P = math.log1p(-alpha) / log_one_sided_P
    return np.asarray(np.minimum(wanted_P, high).astype(np.int64))


def deal_surplus(rate_P: FloatArray, room_P: IntArray, *, surplus: int) -> IntArray:
    """Shares of the rollouts that prompts with mixed outcomes do not need.

    They go evenly to the prompts that always failed; if there is none, to those that always succeeded. What exceeds
    their room is left over, and so is everything if there are neither.

    Args:
        rate_P: Success rates, NaN for unseen prompts.  [P]
        room_P: How many more rollouts each prompt may get.  [P]
        surplus: Rollouts to deal, >= 0.

    Returns:
        Extra rollouts, summing to at most ``surplus``.  [P]
    """
    # DEVIATION: with neither kind of prompt the greedy gets the surplus; the release fails an assertion.
    # DEVIATION: unseen prompts get none of the surplus; the release counts them as failing (rate 0).
    failing_P = rate_P == 0.0
    taker_P = failing_P if failing_P.any() else rate_P == 1.0
    # DEVIATION: no prompt exceeds the upper bound, the overflow goes back to the greedy; the release has no cap here.
    open_P = np.where(taker_P, room_P, 0)
    return deal(open_P, min(surplus, int(open_P.sum())))
