"""Knapsack RL as its released code computes it, faults included."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_choice
from knapsack_rl.allocation.dealing import deal
from knapsack_rl.allocation.fallback import exploration_target
from knapsack_rl.allocation.optimum import require_first_rollout
from knapsack_rl.allocation.solver import solve
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.allocation.value import knapsack_increment, knapsack_value
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnapsackReleased(Strategy):
    """The released function, bug for bug where it does not crash; the upper bound is *not* kept.

    It differs from `Knapsack` in four ways: the first rollout above the lower bound counts as worth ``V(low + 1)``
    rather than its increment, unseen prompts count as failing when a surplus is dealt, a surplus has no cap, and
    neither has what is left when all prompts with mixed outcomes are full. Ties go to the lowest position.

    Source: arXiv 2509.25849v1; github liziniu/KnapsackRL, verl/trainer/ppo/exploration_utils.py.
    """

    name: ClassVar[str] = "knapsack_released"
    source: ClassVar[str] = "released code of arXiv 2509.25849"
    default_belief: ClassVar[str] = "newest16"
    keeps_bounds: ClassVar[bool] = False

    fallback: bool = True
    """Deal what prompts with mixed outcomes do not need to the others."""
    cost: str = "probability"
    """What such a prompt needs: for a non-zero gradient with probability ``alpha``, or by ``expectation``."""
    alpha: float = 0.9
    """That probability, strictly between 0 and 1."""

    def __post_init__(self) -> None:
        """Check the options."""
        check_choice("cost", self.cost, known=("probability", "expectation"), strategy=self.name)
        if not 0.0 < self.alpha < 1.0:
            raise ConfigError(
                f"strategy {self.name!r}: option alpha = {self.alpha:g} must lie strictly between 0 and 1"
            )

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        del rng  # ties go to the lowest position
        require_first_rollout(request)
        rate_P, num_prompts = beliefs.rate_P, len(beliefs)
        mixed_P = (rate_P > 0.0) & (rate_P < 1.0)
        counts_P = np.where(np.isnan(rate_P), request.total // max(num_prompts, 1), request.low)
        rest = request.total - int(counts_P.sum())
        if not mixed_P.any():
            return counts_P + _deal_surplus(rate_P, rest, mixed_P=mixed_P), state
        target = int(self._needs(rate_P[mixed_P], high=request.high).sum())
        if self.fallback and target < rest and not mixed_P.all():
            counts_P += _deal_surplus(rate_P, rest - target, mixed_P=mixed_P)
            rest = target
        # DEVIATION: with mixed outcomes only, the program gets the surplus; the release fails an assertion.
        counts_P[mixed_P] += _program(rate_P[mixed_P], request, extra=rest)
        return counts_P, state

    def _needs(self, p_P: FloatArray, *, high: int) -> IntArray:
        if self.cost == "probability":
            return exploration_target(p_P, high=high, alpha=self.alpha)
        return np.minimum(1.0 / (p_P * (1.0 - p_P)) - 1.0, high).astype(np.int64)


def _deal_surplus(rate_P: FloatArray, surplus: int, *, mixed_P: Mask) -> IntArray:
    """Evenly to prompts stored with rate 0, which unseen ones are; if there is none, to all that are not mixed."""
    taker_P = np.isnan(rate_P) | (rate_P == 0.0)
    if not taker_P.any():
        taker_P = ~mixed_P
    return deal(np.where(taker_P, surplus, 0), surplus)


def _program(p_P: FloatArray, request: AllocationRequest, *, extra: int) -> IntArray:
    """Extra rollouts that maximise the sum of ``V(low + k)`` over the prompts with k >= 1; [P].

    The released dynamic program; its objective has non-increasing increments too, so the greedy finds its answer.
    """
    low = request.low
    held = min(extra, len(p_P) * (request.high - low))

    def increment(kind_M: IntArray, num_rollouts_M: IntArray) -> FloatArray:
        p_M = p_P[kind_M]
        first_M = num_rollouts_M == low
        return np.where(first_M, knapsack_value(low + 1, p_M), knapsack_increment(num_rollouts_M, p_M))

    counts_P = solve(increment, low_P=np.full(len(p_P), low), high_P=request.high, total=len(p_P) * low + held)
    return counts_P - low + deal(np.full(len(p_P), extra), extra - held)
