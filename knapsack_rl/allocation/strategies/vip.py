"""VIP: the least predicted variance of the gradient."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_choice
from knapsack_rl.allocation.seen import best_by_rate
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.beliefs.arrays import BeliefArrays, FloatArray, IntArray

LEAST = {"dr_grpo": 3, "rloo": 2}
"""Rollouts from which on each variance is convex."""


def _dr_grpo(num_rollouts_M: IntArray, p_M: FloatArray) -> FloatArray:
    n_M = np.maximum(num_rollouts_M, 3).astype(np.float64)
    # (n-1)/n^2 - n/(n+1)^2 over one denominator, so that no digits cancel
    return np.asarray(4.0 * p_M * (1.0 - p_M) * (n_M**2 - n_M - 1.0) / (n_M * (n_M + 1.0)) ** 2)


def _rloo(num_rollouts_M: IntArray, p_M: FloatArray) -> FloatArray:
    n_M = np.maximum(num_rollouts_M, 2).astype(np.float64)
    return np.asarray(4.0 * p_M * (1.0 - p_M) / (n_M * (n_M - 1.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vip(Strategy):
    """Least total ``a (N-1) / N^2`` (Dr.GRPO) or ``a / (N-1)`` (RLOO), with ``a = 4 p (1-p)``.

    Both are convex from 3 and 2 rollouts on; the lower bound is raised to that as far as the total goes, and below it
    the first convex step is used for all. Unseen prompts get the uniform share. Ties are random.

    Source: arXiv 2602.01601 (VIP).
    """

    # DEVIATION: rates come from the belief tracker; the method predicts them by a Gaussian process on embeddings.
    name: ClassVar[str] = "vip"
    source: ClassVar[str] = "arXiv 2602.01601"
    default_belief: ClassVar[str] = "beta"

    estimator: str = "dr_grpo"
    """Whose variance: dr_grpo or rloo."""

    def __post_init__(self) -> None:
        """Check the option."""
        check_choice("estimator", self.estimator, known=LEAST, strategy=self.name)

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        share = request.total // max(len(beliefs), 1)
        convex = replace(request, low=max(request.low, min(LEAST[self.estimator], share)))
        increment = _dr_grpo if self.estimator == "dr_grpo" else _rloo
        return best_by_rate(increment, beliefs.rate_P, request=convex, rng=rng), state
