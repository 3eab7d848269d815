"""Knapsack RL without its fallback: the optimisation problem of the paper alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.strategies.knapsack import plug_in_counts
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.base.arrays import IntArray
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class KnapsackGreedy(Strategy):
    """The rule of `Knapsack` without its step 2. Same as ``knapsack`` with ``fallback: false``.

    Source: arXiv 2509.25849v1.
    """

    name: ClassVar[str] = "knapsack_greedy"
    source: ClassVar[str] = "arXiv 2509.25849"
    default_belief: ClassVar[str] = "newest16"

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        del rng  # ties go to the lowest position
        return plug_in_counts(beliefs.rate_P, request, alpha=None), state
