"""A Beta posterior whose every count fades with time, the prior's included."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.tracker import saved_now, saved_prompts, visits

CLOCKS = ("step", "visit")


@dataclass(slots=True, kw_only=True)
class DiscountedBeta:
    """Discounted Beta-Bernoulli posterior: ``a <- discount^d a + s``, ``b <- discount^d b + (m - s)``.

    d is the number of steps since the prompt's last visit (1 at the first), so that a belief widens while a prompt
    waits; with clock ``visit`` it is always 1, the published rule. Unlike in `BetaPosterior` the prior fades too, so a
    prompt that always fails comes to be believed hopeless. A pseudo-count is never discounted below ``floor``: with
    both near 0 the density would put all its weight on the two ends. An unseen prompt has the prior.

    Source: arXiv 2603.18444 (DBB), with clock ``visit``; the clock over steps and the floor are ours.
    """

    name: ClassVar[str] = "discounted_beta"
    source: ClassVar[str] = "arXiv 2603.18444"

    prior_a: float = 1.0
    """Pseudo-successes of the prior, above 0."""
    prior_b: float = 1.0
    """Pseudo-failures of the prior, above 0."""
    discount: float = 0.99
    """Share of every count kept per step (or per visit), above 0 and at most 1."""
    clock: str = "step"
    """What time is measured in: ``step`` or ``visit``."""
    floor: float = 0.1
    """Least pseudo-count that discounting leaves, above 0."""
    _counts: dict[str, tuple[float, float, int]] = field(init=False, repr=False, default_factory=dict)
    _now: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        """Check the ranges of the options."""
        for option in ("prior_a", "prior_b", "floor"):
            if not getattr(self, option) > 0.0:
                raise ConfigError(
                    f"belief 'discounted_beta': option {option} = {getattr(self, option):g} must be above 0"
                )
        if not 0.0 < self.discount <= 1.0:
            raise ConfigError(
                f"belief 'discounted_beta': option discount = {self.discount:g} must be above 0 and at most 1"
            )
        if self.clock not in CLOCKS:
            raise ConfigError(f"belief 'discounted_beta': option clock = {self.clock!r} must be 'step' or 'visit'")

    def observe(self, *, step: int, prompt_ids: Sequence[str], rewards: Sequence[Sequence[int]]) -> None:
        """Record a step's rewards; see `Tracker.observe`."""
        seen = visits(prompt_ids, rewards)
        if not seen:
            return
        self._now = max(self._now, step)
        for prompt_id, visit in seen.items():
            a, b, last = self._counts.get(prompt_id, (self.prior_a, self.prior_b, step - 1))
            kept = self.discount ** (max(step - last, 0) if self.clock == "step" else 1)
            won = sum(visit)
            self._counts[prompt_id] = (
                max(kept * a, self.floor) + won,
                max(kept * b, self.floor) + len(visit) - won,
                step,
            )

    def predict(self, prompt_ids: Sequence[str]) -> BeliefArrays:
        """Beta beliefs as of the newest step seen; counts behind them are those above the floor; columns of [P]."""
        unseen = (self.prior_a, self.prior_b, self._now)
        rows = [self._counts.get(prompt_id, unseen) for prompt_id in prompt_ids]
        a_P, b_P, last_P = np.array(rows, dtype=np.float64).reshape(len(rows), 3).T
        seen_P = np.array([prompt_id in self._counts for prompt_id in prompt_ids], dtype=np.float64)
        if self.clock == "step":
            kept_P = self.discount ** (self._now - last_P)
            a_P = np.maximum(kept_P * a_P, np.minimum(a_P, self.floor))
            b_P = np.maximum(kept_P * b_P, np.minimum(b_P, self.floor))
        return BeliefArrays(
            rate_P=a_P / (a_P + b_P),
            successes_P=seen_P * a_P,
            draws_P=seen_P * (a_P + b_P),
            a_P=a_P,
            b_P=b_P,
        )

    def state_dict(self) -> dict[str, Any]:
        """Saved state, JSON-serialisable."""
        return {
            "tracker": self.name,
            "now": self._now,
            "prompts": {key: list(row) for key, row in self._counts.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace the state by a saved one; see `Tracker.load_state_dict`."""
        saved = saved_prompts(state, tracker=self.name)
        self._now = saved_now(state, tracker=self.name)
        self._counts = {key: (float(a), float(b), int(last)) for key, (a, b, last) in saved.items()}
