"""CoBA-RL as its paper states it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.coba import Coba, coba_increment, density_parameters, saturation
from knapsack_rl.allocation.optimum import best_by_rate
from knapsack_rl.allocation.strategy import AllocationRequest
from knapsack_rl.base.arrays import IntArray
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class CobaPaper(Coba):
    """Most total ``(1 - exp(-N pq / tau)) f(p)``, with f a Beta density whose mode follows the model's failure rate.

    Rates are clipped to [.01, .99], unseen prompts get
    the uniform share, ties are random.

    Source: arXiv 2602.03048v3 (CoBA-RL).
    """

    name: ClassVar[str] = "coba_paper"
    source: ClassVar[str] = "arXiv 2602.03048"
    default_belief: ClassVar[str] = "last_visit"

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        p_P = np.clip(beliefs.rate_P, 0.01, 0.99)
        alpha, beta = density_parameters(state.get("failures", []), kappa=self.kappa)
        # DEVIATION: tau by the rule of the released code, over all seen prompts; the paper gives none.
        tau = saturation(p_P[~np.isnan(p_P)])
        counts_P = best_by_rate(
            lambda n, p: coba_increment(n, p, alpha=alpha, beta=beta, tau=tau), p_P, request=request, rng=rng
        )
        return counts_P, state
