"""A small model that learns, while training runs, which prompts are hard."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.base.errors import ConfigError, StateError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.cost import PredictorCost
from knapsack_rl.beliefs.features import FeatureTable, feature_rows, merge_features
from knapsack_rl.beliefs.tracker import saved_prompts, visits


@dataclass(slots=True, kw_only=True)
class Learned:
    """Logistic regression from prompt features to success rate, trained online, as a prior for every prompt.

    After each step the weights take ``passes`` Adagrad steps on the mean log-loss of the step's rollouts,
    ``-mean_i [s_i log p_i + (m_i - s_i) log(1 - p_i)] / m_i`` with ``p_i = sigmoid(w x_i + c)``, plus
    ``l2 |w|^2 / 2``. A belief is ``Beta(strength p_i + s, strength (1 - p_i) + m - s)``: the prediction counts for
    ``strength`` draws, the prompt's own s of m (of which ``decay`` is kept per visit) for themselves.

    Source: after the online value model of arXiv 2510.01135 (PCL), whose prediction was worth about three rollouts.
    """

    name: ClassVar[str] = "learned"
    source: ClassVar[str] = "after arXiv 2510.01135"

    learning_rate: float = 0.3
    """Adagrad step size, above 0."""
    passes: int = 4
    """Gradient steps per training step; at least 1."""
    l2: float = 1e-4
    """Weight decay of the loss, at least 0."""
    strength: float = 3.0
    """Draws that a prediction is worth, above 0."""
    decay: float = 0.5
    """Share of a prompt's own older evidence kept at each visit, in [0, 1]."""
    _features: FeatureTable = field(init=False, repr=False, default_factory=dict)
    _counts: dict[str, tuple[float, float]] = field(init=False, repr=False, default_factory=dict)
    _model: tuple[FloatArray, FloatArray] | None = field(init=False, repr=False, default=None)  # weights, Adagrad sums
    _num_updates: int = field(init=False, repr=False, default=0)
    _num_multiply_adds: int = field(init=False, repr=False, default=0)
    _seconds: float = field(init=False, repr=False, default=0.0)

    def __post_init__(self) -> None:
        """Check the ranges of the options."""
        wanted = {
            "learning_rate": (self.learning_rate > 0.0, "above 0"),
            "passes": (self.passes >= 1, "at least 1"),
            "l2": (self.l2 >= 0.0, "at least 0"),
            "strength": (self.strength > 0.0, "above 0"),
            "decay": (0.0 <= self.decay <= 1.0, "between 0 and 1"),
        }
        for option, (fits, words) in wanted.items():
            if not fits:
                raise ConfigError(f"belief 'learned': option {option} = {getattr(self, option):g} must be {words}")

    def set_features(self, features: Mapping[str, npt.ArrayLike]) -> None:
        """Make features known; see `NeedsFeatures.set_features`."""
        self._features = merge_features(self._features, features)

    def cost(self) -> PredictorCost:
        """What learning and predicting have cost, charged beside the rollouts it saves; see `HasCost.cost`."""
        return PredictorCost(
            num_updates=self._num_updates, num_multiply_adds=self._num_multiply_adds, seconds=self._seconds
        )

    def observe(self, *, step: int, prompt_ids: Sequence[str], rewards: Sequence[Sequence[int]]) -> None:
        """Record a step's rewards and train on them; see `Tracker.observe`."""
        del step  # own evidence fades by visits, the weights by training on
        seen = visits(prompt_ids, rewards)
        if not seen:
            return
        start = time.perf_counter()
        x_PF = self._inputs(list(seen))
        won_P = np.array([sum(visit) for visit in seen.values()], dtype=np.float64)
        draws_P = np.array([len(visit) for visit in seen.values()], dtype=np.float64)
        self._fit(x_PF, won_P / draws_P)
        for prompt_id, won, draws in zip(seen, won_P.tolist(), draws_P.tolist(), strict=True):
            successes, failures = self._counts.get(prompt_id, (0.0, 0.0))
            self._counts[prompt_id] = (self.decay * successes + won, self.decay * failures + draws - won)
        self._seconds += time.perf_counter() - start

    def _inputs(self, prompt_ids: Sequence[str]) -> FloatArray:
        """Features with a constant 1 in front, as [P, F + 1] rows."""
        x_PF = feature_rows(self._features, prompt_ids, tracker=self.name)
        return np.concatenate([np.ones((len(x_PF), 1)), x_PF], axis=1)

    def _fit(self, x_PF: FloatArray, rate_P: FloatArray) -> None:
        weight_F, square_F = self._model or (np.zeros(x_PF.shape[1]), np.zeros(x_PF.shape[1]))
        for _ in range(self.passes):
            gradient_F = (expit(x_PF @ weight_F) - rate_P) @ x_PF / len(x_PF)
            gradient_F[1:] += self.l2 * weight_F[1:]
            square_F = square_F + gradient_F**2
            weight_F = weight_F - self.learning_rate * gradient_F / np.sqrt(square_F + 1e-12)
        self._model = (weight_F, square_F)
        self._num_updates += self.passes
        self._num_multiply_adds += 2 * self.passes * x_PF.size

    def predict(self, prompt_ids: Sequence[str]) -> BeliefArrays:
        """Beta beliefs; the counts behind them are the prompt's own; columns of [P].

        Raises:
            InputError: A prompt has no features.
        """
        start = time.perf_counter()
        x_PF = self._inputs(prompt_ids)
        prior_P = np.full(len(x_PF), 0.5) if self._model is None else expit(x_PF @ self._model[0])
        prior_P = np.clip(prior_P, 1e-3, 1.0 - 1e-3)  # a prior that is sure could not be talked out of it
        own = [self._counts.get(prompt_id, (0.0, 0.0)) for prompt_id in prompt_ids]
        won_P, lost_P = np.array(own, dtype=np.float64).reshape(len(own), 2).T
        a_P, b_P = self.strength * prior_P + won_P, self.strength * (1.0 - prior_P) + lost_P
        self._num_multiply_adds += x_PF.size
        self._seconds += time.perf_counter() - start
        return BeliefArrays(rate_P=a_P / (a_P + b_P), successes_P=won_P, draws_P=won_P + lost_P, a_P=a_P, b_P=b_P)

    def state_dict(self) -> dict[str, Any]:
        """Saved state, JSON-serialisable; the features are not part of it, nor the seconds of this process."""
        return {
            "tracker": self.name,
            "model": None if self._model is None else [column_F.tolist() for column_F in self._model],
            "num_updates": self._num_updates,
            "num_multiply_adds": self._num_multiply_adds,
            "prompts": {key: list(pair) for key, pair in self._counts.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace the state by a saved one; see `Tracker.load_state_dict`."""
        saved = saved_prompts(state, tracker=self.name)
        if not {"model", "num_updates", "num_multiply_adds"} <= set(state):
            raise StateError("saved beliefs of 'learned' lack the model: start the run anew")
        model = state["model"]
        self._model = None if model is None else (np.array(model[0]), np.array(model[1]))
        self._num_updates = int(state["num_updates"])
        self._num_multiply_adds = int(state["num_multiply_adds"])
        self._counts = {key: (float(won), float(lost)) for key, (won, lost) in saved.items()}
