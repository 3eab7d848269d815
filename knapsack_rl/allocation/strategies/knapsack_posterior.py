"""The knapsack value averaged over what is still uncertain about each success rate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.kinds import group_equal
from knapsack_rl.allocation.solver import solve
from knapsack_rl.allocation.strategies.knapsack import require_first_rollout
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.allocation.value import expected_knapsack_increment
from knapsack_rl.base.errors import AllocationError
from knapsack_rl.beliefs.arrays import BeliefArrays, FloatArray, IntArray


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
        a_P, b_P = _posterior(beliefs)
        kind_P, first_K = group_equal(a_P, b_P)
        a_K, b_K = a_P[first_K], b_P[first_K]
        counts_P = solve(
            lambda kind_M, num_rollouts_M: expected_knapsack_increment(num_rollouts_M, a=a_K[kind_M], b=b_K[kind_M]),
            low_P=request.low,
            high_P=request.high,
            total=request.total,
            kind_P=kind_P,
            rng=rng,
        )
        return counts_P, state


def _posterior(beliefs: BeliefArrays) -> tuple[FloatArray, FloatArray]:
    a_P = np.where(np.isnan(beliefs.a_P), 1.0 + beliefs.successes_P, beliefs.a_P)
    b_P = np.where(np.isnan(beliefs.b_P), 1.0 + beliefs.draws_P - beliefs.successes_P, beliefs.b_P)
    if np.isnan(a_P).any():
        where = int(np.isnan(a_P).argmax())
        raise AllocationError(
            f"knapsack_posterior: belief {where} is the bare rate {beliefs.rate_P[where]:g}; give successes and draws, "
            "e.g. Point or Beta records, or BeliefArrays.from_rates(..., draws=16)"
        )
    return a_P, b_P
