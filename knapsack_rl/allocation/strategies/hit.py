"""HORA: most prompts with at least one success."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.posterior import expected_hit_increment, posterior_of
from knapsack_rl.allocation.seen import best_by_posterior
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.base.arrays import IntArray
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit(Strategy):
    """Most total ``1 - E[(1-p)^N] = 1 - B(a, b+N) / B(a, b)`` with p ~ Beta(a, b); leans to hard prompts.

    Point and unknown beliefs are read as counts on top of the method's Beta(1, 1) prior. Ties are random. For the
    plug-in rule ``1 - q^N`` use strategy ``value`` with ``value: hit``.

    Source: arXiv 2605.07114 (HORA), after its uniform probe.
    """

    name: ClassVar[str] = "hit"
    source: ClassVar[str] = "arXiv 2605.07114"
    default_belief: ClassVar[str] = "beta"

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        posterior = posterior_of(beliefs, strategy=self.name)
        counts_P = best_by_posterior(
            lambda n, a, b: expected_hit_increment(n, a=a, b=b), posterior, request=request, rng=rng
        )
        return counts_P, state
