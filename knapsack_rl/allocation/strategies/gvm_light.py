"""GVM-RAFT without its pilot round and gradient norms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.neyman import neyman_counts
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.base.arrays import IntArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class GvmLight(Strategy):
    """N proportional to ``1 / sqrt(p + alpha / p^(beta-1))`` within the bounds; hopeless prompts get the lower bound.

    Least total ``c / N`` with ``c = p^(beta-1) / (p^beta + alpha)``, which is 0 at p = 0 for beta > 1.

    Source: arXiv 2505.02391 (GVM-RAFT); github RLHFlow/GVM.
    """

    name: ClassVar[str] = "gvm_light"
    source: ClassVar[str] = "arXiv 2505.02391"
    default_belief: ClassVar[str] = "beta"

    alpha: float = 0.001
    """Weight of the penalty on low rates."""
    beta: float = 2.0
    """Its power, at least 1."""

    def __post_init__(self) -> None:
        """Check the options."""
        check_above("alpha", self.alpha, least=0, strategy=self.name)
        if self.beta < 1.0:
            raise ConfigError(f"strategy 'gvm_light': option beta = {self.beta:g} must be at least 1")

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        # DEVIATION: rates from earlier visits and equal gradient norms; the method draws pilots and measures both.
        p_P = beliefs.rate_P
        # DEVIATION: exact integer optimum within bounds; the release rounds proportional shares and may give none.
        weight_P = p_P ** (self.beta - 1.0) / (p_P**self.beta + self.alpha)
        return neyman_counts(weight_P, request=request, rng=rng), state
