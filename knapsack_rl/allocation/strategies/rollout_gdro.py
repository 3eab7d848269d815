"""Rollout-GDRO: rollouts by group of difficulty, in proportion to the root of the group's reward variance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.neyman import neyman_counts
from knapsack_rl.allocation.strategy import AllocationRequest, Outcome, Strategy
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays

UNSEEN = -1
"""Place of prompts without a believed rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutGdro(Strategy):
    """All prompts of a bin of believed rates get ``N`` in proportion to the root of the bin's reward variance.

    A bin's variance is a running mean, of weight ``rate`` for the newest step, of what its groups showed (unbiased,
    ``s (m - s) / (m (m - 1))``); before it has been visited it is ``p (1 - p)`` at its middle. Unseen prompts get the
    uniform share. Ties are random.

    Exact: bins by online success rate, and the allocation at which the method's bandits and shadow price settle. Guess:
    that allocation is computed at once; the method approaches it by a bandit over N in each bin and a price that keeps
    the mean, and no update rule of either was seen. Number of bins and weight are ours.

    Source: arXiv 2601.19280 (Rollout-GDRO), second-hand.
    """

    name: ClassVar[str] = "rollout_gdro"
    source: ClassVar[str] = "arXiv 2601.19280, second-hand"
    default_belief: ClassVar[str] = "beta"

    bins: int = 10
    """Bins of equal width over rates 0 to 1."""
    rate: float = 0.1
    """Weight of the newest step in a bin's variance."""

    def __post_init__(self) -> None:
        """Check the options."""
        check_above("bins", self.bins, least=0, strategy=self.name)
        check_above("rate", self.rate, least=0, strategy=self.name)
        if self.rate > 1.0:
            raise ConfigError(f"strategy 'rollout_gdro': option rate = {self.rate:g} must be at most 1")

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        variance_B = self._variances(state)
        place_P = self._places(beliefs.rate_P)
        weight_P = np.where(place_P == UNSEEN, np.nan, variance_B[place_P])
        places = dict(zip(request.prompt_ids, place_P.tolist(), strict=True))
        counts_P = neyman_counts(weight_P, request=request, rng=rng)
        return counts_P, {"variances": variance_B.tolist(), "places": places}

    def observe(self, outcome: Outcome, *, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The state with what each bin's groups of this step showed."""
        variance_B = self._variances(state)
        place_P = np.array([state["places"][prompt_id] for prompt_id in outcome.prompt_ids], dtype=np.int64)
        draws_P, right_P = outcome.draws_P, outcome.successes_P
        shown_P = right_P * (draws_P - right_P) / np.maximum(draws_P * (draws_P - 1), 1)
        for place in set(place_P[draws_P > 1].tolist()) - {UNSEEN}:
            mean = float(shown_P[(place_P == place) & (draws_P > 1)].mean())
            variance_B[place] += self.rate * (mean - variance_B[place])
        return {"variances": variance_B.tolist()}

    def _variances(self, state: Mapping[str, Any]) -> FloatArray:
        middle_B = (np.arange(self.bins) + 0.5) / self.bins
        return np.array(state.get("variances", middle_B * (1.0 - middle_B)), dtype=np.float64)

    def _places(self, rate_P: FloatArray) -> IntArray:
        place_P = np.minimum(np.floor(np.nan_to_num(rate_P) * self.bins), self.bins - 1).astype(np.int64)
        return np.where(np.isnan(rate_P), UNSEEN, place_P)
