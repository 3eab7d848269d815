"""A Beta posterior per prompt whose evidence fades with every visit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.tracker import saved_prompts, visits


@dataclass(slots=True, kw_only=True)
class BetaPosterior:
    """Beta posterior with decay towards the prior.

    At each visit of a prompt with s successes in m draws, and decay factor ``decay`` (lambda):

    ``a <- prior_a + lambda * (a - prior_a) + s``,  ``b <- prior_b + lambda * (b - prior_b) + (m - s)``.

    ``decay`` 1 is the plain conjugate posterior, 0 keeps the last visit only. An unseen prompt has the prior.
    Source: arXiv 2507.04632 (MoPPS) and 2606.05606 (CERO), which use the same recursion.
    """

    name: ClassVar[str] = "beta"
    source: ClassVar[str] = "arXiv 2507.04632, 2606.05606"

    prior_a: float = 1.0
    """Pseudo-successes of the prior."""
    prior_b: float = 1.0
    """Pseudo-failures of the prior."""
    decay: float = 0.5
    """Share of the older evidence kept at each visit, in [0, 1]."""
    _counts: dict[str, tuple[float, float]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Check the ranges of the options."""
        for option, value in (("prior_a", self.prior_a), ("prior_b", self.prior_b)):
            if not (math.isfinite(value) and value > 0.0):
                raise ConfigError(f"belief 'beta': option {option} = {value:g} must be finite and above 0")
        if not 0.0 <= self.decay <= 1.0:
            raise ConfigError(
                f"belief 'beta': option decay = {self.decay:g} must be between 0 (forget) and 1 (keep all)"
            )

    def observe(self, *, step: int, prompt_ids: Sequence[str], rewards: Sequence[Sequence[int]]) -> None:
        """Record a step's rewards; see `Tracker.observe`."""
        del step  # evidence fades by visits, not by steps
        for prompt_id, visit in visits(prompt_ids, rewards).items():
            successes, failures = self._counts.get(prompt_id, (0.0, 0.0))
            won = sum(visit)
            self._counts[prompt_id] = (self.decay * successes + won, self.decay * failures + len(visit) - won)

    def predict(self, prompt_ids: Sequence[str]) -> BeliefArrays:
        """Beta beliefs; the rate is the posterior mean, counts are decayed and without the prior; columns of [P]."""
        pairs = [self._counts.get(prompt_id, (0.0, 0.0)) for prompt_id in prompt_ids]
        successes_P, failures_P = np.array(pairs, dtype=np.float64).reshape(len(pairs), 2).T
        a_P = self.prior_a + successes_P
        b_P = self.prior_b + failures_P
        return BeliefArrays(
            rate_P=a_P / (a_P + b_P),
            successes_P=successes_P,
            draws_P=successes_P + failures_P,
            a_P=a_P,
            b_P=b_P,
        )

    def state_dict(self) -> dict[str, Any]:
        """Saved state, JSON-serialisable."""
        return {"tracker": self.name, "prompts": {key: list(pair) for key, pair in self._counts.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace the state by a saved one; see `Tracker.load_state_dict`."""
        saved = saved_prompts(state, tracker=self.name)
        self._counts = {key: (float(successes), float(failures)) for key, (successes, failures) in saved.items()}
