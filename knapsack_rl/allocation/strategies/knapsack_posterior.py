"""The knapsack value averaged over what is still uncertain about each success rate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.posterior import posterior_of
from knapsack_rl.allocation.seen import best_by_posterior, require_first_rollout
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.allocation.value import expected_knapsack_increment
from knapsack_rl.base.arrays import IntArray
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class KnapsackPosterior(Strategy):
    """Most total ``E[V(N, p)]`` with p ~ Beta(a, b); one rule for seen, unseen, failed and solved prompts.

    No prompt is certain to be hopeless or solved, so none needs a special case. Point and unknown beliefs are read
    as counts on top of a Beta(1, 1) prior. Ties are random.

    Source: value of arXiv 2509.25849v1; the averaging is ours.
    """

    name: ClassVar[str] = "knapsack_posterior"
    source: ClassVar[str] = "arXiv 2509.25849, averaged over a Beta posterior"
    default_belief: ClassVar[str] = "beta"

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`.

        Raises:
            AllocationError: The lower bound is 0, or a belief is a bare rate with no number of draws behind it.
        """
        require_first_rollout(request)
        posterior = posterior_of(beliefs, strategy=self.name)
        counts_P = best_by_posterior(
            lambda n, a, b: expected_knapsack_increment(n, a=a, b=b), posterior, request=request, rng=rng
        )
        return counts_P, state
