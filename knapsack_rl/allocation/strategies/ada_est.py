"""Reinforce-Ada-Est: more rollouts for low success rates, in one shot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.neyman import neyman_counts
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.base.arrays import IntArray
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaEst(Strategy):
    """N proportional to ``1 / sqrt(p + epsilon)`` within the bounds: the least total ``1 / ((p + epsilon) N)``.

    Meant for decayed counters with a constant prior, so that no rate is 0. The method's advantage divides by
    ``sqrt(mean)`` instead of the standard deviation. That belongs to the trainer, which a comparison of allocators
    keeps equal, so it is off unless the arm asks for it: ``train: {loss: {advantage: sqrt_mean}}``.
    Decay, prior and epsilon are not printed in the paper.

    Source: arXiv 2510.04996v3, variant Est.
    """

    name: ClassVar[str] = "ada_est"
    source: ClassVar[str] = "arXiv 2510.04996"
    default_belief: ClassVar[str] = "beta"

    epsilon: float = 0.01
    """Added to the rate."""

    def __post_init__(self) -> None:
        """Check the option."""
        check_above("epsilon", self.epsilon, least=0, strategy=self.name)

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        return neyman_counts(1.0 / (beliefs.rate_P + self.epsilon), request=request, rng=rng), state
