"""VIP: the least predicted variance of the gradient."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit, logit

from knapsack_rl.allocation.choices import check_above, check_choice
from knapsack_rl.allocation.gaussian_process import updated_latents
from knapsack_rl.allocation.optimum import best_by_rate
from knapsack_rl.allocation.strategy import AllocationRequest, Outcome, Strategy
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.beliefs.arrays import BeliefArrays

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
    the first convex step is used for all. Ties are random.

    Where the request has features, rates are those of a Gaussian process on them (`updated_latents`), which is the
    state. Otherwise they come from the beliefs, and unseen prompts get the uniform share.

    Source: arXiv 2602.01601 (VIP).
    """

    name: ClassVar[str] = "vip"
    source: ClassVar[str] = "arXiv 2602.01601"
    default_belief: ClassVar[str] = "beta"
    reads_features: ClassVar[bool] = True

    estimator: str = "dr_grpo"
    """Whose variance: dr_grpo or rloo."""
    prior: float = -1.0
    """Latent (logit of the success rate) of a prompt that nothing is known of."""
    epsilon: float = 0.01
    """Distance that observed rates keep from 0 and 1, so that their logits are finite."""

    def __post_init__(self) -> None:
        """Check the options."""
        check_choice("estimator", self.estimator, known=LEAST, strategy=self.name)
        check_above("epsilon", self.epsilon, least=0, strategy=self.name)

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        # DEVIATION: without features the belief tracker gives the rates; the method always predicts from embeddings.
        rate_P = beliefs.rate_P
        if request.features is not None:
            state = self._moved(request.features, state)
            latents = state["latents"]
            rate_P = expit(np.array([latents.get(prompt_id, self.prior) for prompt_id in request.prompt_ids]))
        share = request.total // max(len(rate_P), 1)
        convex = replace(request, low=max(request.low, min(LEAST[self.estimator], share)))
        increment = _dr_grpo if self.estimator == "dr_grpo" else _rloo
        return best_by_rate(increment, rate_P, request=convex, rng=rng), state

    def _moved(self, features: Mapping[str, FloatArray], state: Mapping[str, Any]) -> dict[str, Any]:
        """The state with what was observed since the last call worked into the process."""
        if "latents" in state and not state.get("observed"):
            return dict(state)
        latents = updated_latents(
            state.get("latents", {}), state.get("observed", {}), features=features, prior=self.prior
        )
        return {**state, "latents": latents, "observed": {}}

    def observe(self, outcome: Outcome, *, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The state with this step's rates noted, as logits; the next call works them in."""
        drawn_P = outcome.draws_P > 0
        rate_P = outcome.successes_P[drawn_P] / outcome.draws_P[drawn_P]
        latent_P = logit(np.clip(rate_P, self.epsilon, 1.0 - self.epsilon))
        drawn = [prompt_id for prompt_id, drawn in zip(outcome.prompt_ids, drawn_P, strict=True) if drawn]
        return {**state, "observed": dict(zip(drawn, latent_P.tolist(), strict=True))}
