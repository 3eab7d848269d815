"""The posterior knapsack rule for a budget of tokens instead of rollouts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.optimum import require_first_rollout
from knapsack_rl.allocation.posterior import posterior_of
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.allocation.tokens import TokenProblem, solve_tokens
from knapsack_rl.allocation.value import expected_knapsack_increment
from knapsack_rl.base.arrays import IntArray
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class KnapsackTokens(Strategy):
    """Most total ``E[V(N, p)]`` whose expected tokens ``sum(cost * N)`` stay within those of a uniform step.

    Greedy by gain per token, since long answers are dear. The new state holds ``gain``, the value above the lower
    bounds, and ``bound``, which no counts within the budget can exceed: their difference is below one rollout's gain.
    Without costs in the request every rollout costs the same, and the counts are those of ``knapsack_posterior`` up to
    ties. Beliefs are read as there; ties are random.

    Source: value of arXiv 2509.25849v1; tokens as the unit of budget as in arXiv 2605.08441 (DUET).
    """

    name: ClassVar[str] = "knapsack_tokens"
    source: ClassVar[str] = "arXiv 2509.25849, per token"
    default_belief: ClassVar[str] = "beta"
    spends_tokens: ClassVar[bool] = True

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        require_first_rollout(request)
        a_P, b_P = posterior_of(beliefs, strategy=self.name)
        problem = TokenProblem(
            increment=lambda prompt_M, n_M: expected_knapsack_increment(n_M, a=a_P[prompt_M], b=b_P[prompt_M]),
            low=request.low,
            high=request.high,
            cost_P=np.ones(len(beliefs)) if request.cost_P is None else request.cost_P,
            budget=request.token_budget,
        )
        answer = solve_tokens(problem, rng=rng)
        return answer.counts_P, {**state, "gain": answer.gain, "bound": answer.bound}
