"""Every prompt the same number of rollouts: plain GRPO."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.dealing import deal
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.base.arrays import IntArray
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform(Strategy):
    """``total / P`` rollouts each; a remainder goes one each to random prompts. Beliefs are ignored.

    Source: arXiv 2402.03300 (GRPO).
    """

    name: ClassVar[str] = "uniform"
    source: ClassVar[str] = "arXiv 2402.03300"
    default_belief: ClassVar[str] = "newest16"

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        num_prompts = len(beliefs)
        room_P = np.full(num_prompts, request.high - request.low)
        return request.low + deal(room_P, request.total - num_prompts * request.low, rng=rng), state
