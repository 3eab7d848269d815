"""Whether any counts fit a total and bounds."""

from knapsack_rl.base.arrays import IntArray
from knapsack_rl.base.errors import AllocationError


def check_feasible(low_P: IntArray, high_P: IntArray, *, total: int) -> None:
    """Refuse bounds and a total that no counts meet.

    Args:
        low_P: Fewest rollouts of each prompt.  [P]
        high_P: Most rollouts of each prompt.  [P]
        total: Rollouts to hand out.

    Raises:
        AllocationError: One line with the numbers and what to change.
    """
    crossed_P = low_P > high_P
    if crossed_P.any():
        where = int(crossed_P.argmax())
        raise AllocationError(f"prompt {where}: lower bound {low_P[where]} is above the upper bound {high_P[where]}")
    if (low_P < 0).any():
        raise AllocationError(f"lower bound {int(low_P.min())} is negative: use 0 or more rollouts")
    least, most, num_prompts = int(low_P.sum()), int(high_P.sum()), len(low_P)
    if total < least:
        raise AllocationError(f"total {total} is below the lower bounds of {num_prompts} prompts, {least}: raise it")
    if total > most:
        raise AllocationError(f"total {total} is above the upper bounds of {num_prompts} prompts, {most}: lower it")
