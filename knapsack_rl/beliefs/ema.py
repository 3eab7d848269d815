"""An exponential moving average of a prompt's success rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.tracker import saved_prompts, visits


@dataclass(slots=True, kw_only=True)
class Ema:
    """Moving average: ``e <- (1 - eta) e + eta s/m`` at a visit with s successes in m draws; the first visit sets e.

    ``eta`` is ``rate``; with ``pseudo_draws`` m0 > 0 it is ``m / (m + m0)`` instead, so that a large visit moves the
    average further than a small one. The draws behind the estimate are those of a plain mean with the same sampling
    variance, ``1 / v`` with ``v <- (1 - eta)^2 v + eta^2 / m``.

    Source: folklore; the average that the released code of arXiv 2509.25849 names (``ema``) but does not compute.
    """

    name: ClassVar[str] = "ema"
    source: ClassVar[str] = "exponential moving average"

    rate: float = 0.5
    """Weight of the newest visit, in (0, 1]; ignored if ``pseudo_draws`` is above 0."""
    pseudo_draws: float = 0.0
    """Draws that the old average counts for; 0 = constant ``rate``."""
    _average: dict[str, tuple[float, float]] = field(init=False, repr=False, default_factory=dict)  # e, v

    def __post_init__(self) -> None:
        """Check the ranges of the options."""
        if not 0.0 < self.rate <= 1.0:
            raise ConfigError(f"belief 'ema': option rate = {self.rate:g} must be above 0 and at most 1")
        if self.pseudo_draws < 0.0:
            raise ConfigError(f"belief 'ema': option pseudo_draws = {self.pseudo_draws:g} must be at least 0")

    def observe(self, *, step: int, prompt_ids: Sequence[str], rewards: Sequence[Sequence[int]]) -> None:
        """Record a step's rewards; see `Tracker.observe`."""
        del step  # the average ages by visits, not by steps
        for prompt_id, visit in visits(prompt_ids, rewards).items():
            draws = len(visit)
            mean = sum(visit) / draws
            if prompt_id not in self._average:
                self._average[prompt_id] = (mean, 1.0 / draws)
                continue
            old, variance = self._average[prompt_id]
            eta = draws / (draws + self.pseudo_draws) if self.pseudo_draws else self.rate
            moved = min(max(old + eta * (mean - old), 0.0), 1.0)  # rounding must not leave the unit interval
            self._average[prompt_id] = (moved, (1.0 - eta) ** 2 * variance + eta**2 / draws)

    def predict(self, prompt_ids: Sequence[str]) -> BeliefArrays:
        """Plug-in beliefs with their equivalent draws; unknown where nothing was drawn; columns of [P]."""
        unseen = (float("nan"), float("inf"))
        pairs = [self._average.get(prompt_id, unseen) for prompt_id in prompt_ids]
        rate_P, variance_P = np.array(pairs, dtype=np.float64).reshape(len(pairs), 2).T
        return BeliefArrays.from_rates(rate_P, draws=1.0 / variance_P)

    def state_dict(self) -> dict[str, Any]:
        """Saved state, JSON-serialisable."""
        return {"tracker": self.name, "prompts": {key: list(pair) for key, pair in self._average.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace the state by a saved one; see `Tracker.load_state_dict`."""
        saved = saved_prompts(state, tracker=self.name)
        self._average = {key: (float(average), float(variance)) for key, (average, variance) in saved.items()}
