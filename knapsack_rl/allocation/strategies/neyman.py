"""The Neyman family: counts in proportion to a root of the success rate, by exact minimisation of a variance."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above, check_choice
from knapsack_rl.allocation.neyman import neyman_counts
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.beliefs.arrays import BeliefArrays

WEIGHTS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "variance": lambda p: p * (1.0 - p),
    "rate": lambda p: p,
    "inverse": lambda p: 1.0 / p,
    "inverse_square": lambda p: 1.0 / p**2,
    "log_odds": lambda p: (1.0 - p) / p,
}
"""Weight c of the variance c / N by name: N is proportional to sqrt(pq), sqrt(p), 1/sqrt(p), 1/p, sqrt(q/p)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neyman(Strategy):
    """Least total ``c(p) / N``, so N is proportional to the square root of c up to bounds and rounding.

    The weights are those of the plain and the log objective, without and with a mean baseline: ``rate`` (accepted
    samples only), ``variance`` (with baseline; also CurES), ``inverse`` and ``log_odds`` (the same two for log p), and
    ``inverse_square``, which was found too aggressive. Rates are clipped to [epsilon, 1 - epsilon]. Ties are random.

    Source: arXiv 2510.04996v3 (Reinforce-Ada), arXiv 2510.01037 (CurES).
    """

    name: ClassVar[str] = "neyman"
    source: ClassVar[str] = "arXiv 2510.04996, 2510.01037"
    default_belief: ClassVar[str] = "beta"

    weight: str = "variance"
    """Name of the weight."""
    epsilon: float = 0.001
    """Distance that rates keep from 0 and 1."""

    def __post_init__(self) -> None:
        """Check the options."""
        check_choice("weight", self.weight, known=WEIGHTS, strategy=self.name)
        check_above("epsilon", self.epsilon, least=0, strategy=self.name)

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        p_P = np.clip(beliefs.rate_P, self.epsilon, 1.0 - self.epsilon)
        return neyman_counts(WEIGHTS[self.weight](p_P), request=request, rng=rng), state
