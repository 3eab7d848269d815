"""CoBA-RL as its paper states it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.coba import coba_increment, density_parameters, remember_failure, saturation
from knapsack_rl.allocation.seen import best_by_rate
from knapsack_rl.allocation.strategy import AllocationRequest, Outcome, Strategy
from knapsack_rl.beliefs.arrays import BeliefArrays, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class CobaPaper(Strategy):
    """Most total ``(1 - exp(-N pq / tau)) f(p)``, with f a Beta density whose mode follows the model's failure rate.

    The failure rates of the newest ``window`` steps are the state. Rates are clipped to [.01, .99], unseen prompts get
    the uniform share, ties are random.

    Source: arXiv 2602.03048v3 (CoBA-RL).
    """

    name: ClassVar[str] = "coba_paper"
    source: ClassVar[str] = "arXiv 2602.03048"
    default_belief: ClassVar[str] = "last_visit"

    kappa: float = 11.0
    """Sum of the density's parameters; larger is narrower."""
    window: int = 1
    """Steps whose failure rate is averaged."""

    def __post_init__(self) -> None:
        """Check the options."""
        check_above("kappa", self.kappa, least=2, strategy=self.name)
        check_above("window", self.window, least=0, strategy=self.name)

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

    def observe(self, outcome: Outcome, *, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The state with this step's failure rate."""
        return remember_failure(outcome, state=state, window=self.window)
