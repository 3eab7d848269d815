"""Knapsack RL: the paper's allocation with its released fallback."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.dealing import deal
from knapsack_rl.allocation.fallback import deal_surplus, exploration_target
from knapsack_rl.allocation.kinds import group_equal
from knapsack_rl.allocation.optimum import require_first_rollout
from knapsack_rl.allocation.solver import solve
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.allocation.value import knapsack_increment
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Knapsack(Strategy):
    """Most total ``V(N, p)`` over the prompts with mixed outcomes, after fixed grants to all others.

    1. Unseen prompts get the uniform share ``total // P``; prompts with rate 0 or 1 get the lower bound.
    2. Fallback: if prompts with mixed outcomes want fewer rollouts than are left (`exploration_target`), the surplus
       goes evenly to the prompts with rate 0, or if there is none to those with rate 1.
    3. The rest is split exactly over the prompts with mixed outcomes, ties to the lowest position as in the release.
    4. What they cannot hold goes evenly to whatever still has room.

    Source: arXiv 2509.25849v1; github liziniu/KnapsackRL, verl/trainer/ppo/exploration_utils.py.
    """

    name: ClassVar[str] = "knapsack"
    source: ClassVar[str] = "arXiv 2509.25849, released code"
    default_belief: ClassVar[str] = "newest16"

    fallback: bool = True
    """Give the rollouts beyond the exploration target to prompts that always failed."""
    alpha: float = 0.9
    """Probability of a non-zero gradient that sets the exploration target, strictly between 0 and 1."""

    def __post_init__(self) -> None:
        """Check the ranges of the options."""
        if not 0.0 < self.alpha < 1.0:
            raise ConfigError(f"strategy 'knapsack': option alpha = {self.alpha:g} must lie strictly between 0 and 1")

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        del rng  # ties go to the lowest position
        return plug_in_counts(beliefs.rate_P, request, alpha=self.alpha if self.fallback else None), state


def plug_in_counts(rate_P: FloatArray, request: AllocationRequest, *, alpha: float | None) -> IntArray:
    """Counts of the knapsack rule for point estimates.

    Args:
        rate_P: Success rates, NaN for unseen prompts.  [P]
        request: Total and bounds; the lower bound must be at least 1.
        alpha: Probability that sets the fallback's exploration target; None = no fallback.

    Returns:
        Counts within the bounds, summing to the total.  [P]

    Raises:
        AllocationError: The lower bound is 0.
    """
    require_first_rollout(request)
    mixed_P = (rate_P > 0.0) & (rate_P < 1.0)
    counts_P = np.full(len(rate_P), request.low)
    counts_P[np.isnan(rate_P)] = request.total // max(len(rate_P), 1)
    rest = request.total - int(counts_P.sum())
    if alpha is not None or not mixed_P.any():  # with nothing to solve, the release deals out everything either way
        wanted = 0 if alpha is None else int(exploration_target(rate_P[mixed_P], high=request.high, alpha=alpha).sum())
        counts_P += deal_surplus(rate_P, request.high - counts_P, surplus=max(0, rest - wanted))
    counts_P[mixed_P] += _greedy(rate_P[mixed_P], request, extra=request.total - int(counts_P.sum()))
    return counts_P + deal(request.high - counts_P, request.total - int(counts_P.sum()))


def _greedy(p_P: FloatArray, request: AllocationRequest, *, extra: int) -> IntArray:
    """Rollouts above the lower bound, as many of ``extra`` as the upper bound lets in; [P]."""
    if len(p_P) == 0:
        return np.zeros(0, dtype=np.int64)
    kind_P, first_K = group_equal(p_P)
    p_K = p_P[first_K]
    # DEVIATION: exact optimum; the release scores "no extra rollout" as 0 and so favours one extra rollout for each.
    counts_P = solve(
        lambda kind_M, num_rollouts_M: knapsack_increment(num_rollouts_M, p_K[kind_M]),
        low_P=request.low,
        high_P=request.high,
        total=min(len(p_P) * request.low + extra, len(p_P) * request.high),
        kind_P=kind_P,
    )
    return counts_P - request.low
