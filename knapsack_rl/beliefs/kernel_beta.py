"""A Beta posterior per prompt that also listens to similar prompts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.features import FeatureTable, feature_rows, merge_features
from knapsack_rl.beliefs.tracker import saved_now, saved_prompts, visits

_BLOCK = 1024  # prompts predicted at a time: the kernel of a block against all visited prompts stays in memory


@dataclass(slots=True, kw_only=True)
class KernelBeta:
    """Kernel-weighted Beta: ``a_i = prior_a + sum_j w_ij s_j``, ``b_i = prior_b + sum_j w_ij (m_j - s_j)``.

    ``s_j`` of ``m_j`` are the successes of prompt j, of which ``decay`` is kept per step since they were drawn, and
    ``w_ij = exp(-|x_i - x_j|^2 / (2 width^2))`` on prompt features, with ``w_ii = 1``. What other prompts contribute is
    scaled down to ``cap`` draws at most, so that many vague relatives do not pass for certainty. A prompt that was
    never drawn has a belief as soon as a similar one was.

    Source: the kernel-weighted counts are a standard alternative to the Gaussian process of arXiv 2602.01601 (VIP).
    """

    name: ClassVar[str] = "kernel_beta"
    source: ClassVar[str] = "kernel-weighted counts, after arXiv 2602.01601"

    prior_a: float = 1.0
    """Pseudo-successes of the prior, above 0."""
    prior_b: float = 1.0
    """Pseudo-failures of the prior, above 0."""
    width: float = 0.5
    """Distance over which prompts count as similar, in units of the features; above 0."""
    cap: float = 8.0
    """Most draws that other prompts contribute to a belief; at least 0."""
    decay: float = 0.99
    """Share of the evidence kept per step, above 0 and at most 1."""
    _features: FeatureTable = field(init=False, repr=False, default_factory=dict)
    _counts: dict[str, tuple[float, float, int]] = field(init=False, repr=False, default_factory=dict)  # s, m, step
    _now: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        """Check the ranges of the options."""
        for option in ("prior_a", "prior_b", "width"):
            if not getattr(self, option) > 0.0:
                raise ConfigError(f"belief 'kernel_beta': option {option} = {getattr(self, option):g} must be above 0")
        if not self.cap >= 0.0:
            raise ConfigError(f"belief 'kernel_beta': option cap = {self.cap:g} must be at least 0")
        if not 0.0 < self.decay <= 1.0:
            raise ConfigError(f"belief 'kernel_beta': option decay = {self.decay:g} must be above 0 and at most 1")

    def set_features(self, features: Mapping[str, npt.ArrayLike]) -> None:
        """Make features known; see `NeedsFeatures.set_features`."""
        self._features = merge_features(self._features, features)

    def observe(self, *, step: int, prompt_ids: Sequence[str], rewards: Sequence[Sequence[int]]) -> None:
        """Record a step's rewards; see `Tracker.observe`."""
        seen = visits(prompt_ids, rewards)
        if not seen:
            return
        feature_rows(self._features, list(seen), tracker=self.name)
        self._now = max(self._now, step)
        for prompt_id, visit in seen.items():
            successes, draws, last = self._counts.get(prompt_id, (0.0, 0.0, step))
            kept = self.decay ** max(step - last, 0)
            self._counts[prompt_id] = (kept * successes + sum(visit), kept * draws + len(visit), step)

    def predict(self, prompt_ids: Sequence[str]) -> BeliefArrays:
        """Beta beliefs as of the newest step seen; columns of [P].

        Raises:
            InputError: A prompt has no features.
        """
        blocks = [prompt_ids[start : start + _BLOCK] for start in range(0, len(prompt_ids), _BLOCK)]
        pairs = np.concatenate([np.zeros((2, 0)), *(self._evidence(block) for block in blocks)], axis=1)
        successes_P, draws_P = pairs
        a_P, b_P = self.prior_a + successes_P, self.prior_b + draws_P - successes_P
        return BeliefArrays(rate_P=a_P / (a_P + b_P), successes_P=successes_P, draws_P=draws_P, a_P=a_P, b_P=b_P)

    def _evidence(self, prompt_ids: Sequence[str]) -> FloatArray:
        """Weighted successes and draws, own and borrowed, of [P] prompts; shape [2, P]."""
        x_PF = feature_rows(self._features, prompt_ids, tracker=self.name)
        if not self._counts:
            return np.zeros((2, len(prompt_ids)))
        visited = list(self._counts)
        s_V, m_V, last_V = np.array(list(self._counts.values()), dtype=np.float64).T
        kept_V = self.decay ** (self._now - last_V)
        x_VF = feature_rows(self._features, visited, tracker=self.name)
        squared_PV = (x_PF**2).sum(axis=1)[:, None] + (x_VF**2).sum(axis=1) - 2.0 * x_PF @ x_VF.T
        weight_PV = np.exp(-np.maximum(squared_PV, 0.0) / (2.0 * self.width**2)) * kept_V
        column_of = {prompt_id: column for column, prompt_id in enumerate(visited)}
        own = [(row, column_of[key]) for row, key in enumerate(prompt_ids) if key in column_of]
        row_O, column_O = np.array(own, dtype=np.int64).reshape(len(own), 2).T
        weight_PV[row_O, column_O] = 0.0
        borrowed = np.stack([weight_PV @ s_V, weight_PV @ m_V])
        borrowed *= self.cap / np.maximum(borrowed[1], max(self.cap, float(np.finfo(np.float64).tiny)))
        borrowed[:, row_O] += kept_V[column_O] * np.stack([s_V[column_O], m_V[column_O]])
        return np.stack([np.clip(borrowed[0], 0.0, borrowed[1]), borrowed[1]])

    def state_dict(self) -> dict[str, Any]:
        """Saved state, JSON-serialisable; the features are not part of it."""
        return {
            "tracker": self.name,
            "now": self._now,
            "prompts": {key: list(row) for key, row in self._counts.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace the state by a saved one; see `Tracker.load_state_dict`."""
        saved = saved_prompts(state, tracker=self.name)
        self._now = saved_now(state, tracker=self.name)
        self._counts = {key: (float(won), float(draws), int(last)) for key, (won, draws, last) in saved.items()}
