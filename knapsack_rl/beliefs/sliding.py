"""The mean of a prompt's newest rewards, whatever visits they came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.tracker import saved_prompts, visits


@dataclass(slots=True, kw_only=True)
class Sliding:
    """Plug-in estimate over the newest ``buffer`` rewards of a prompt, also inside one large visit.

    Source: arXiv 2509.25849, released code with ``epoch_estimation`` off; `Newest16` is the published setting.
    """

    name: ClassVar[str] = "sliding"
    source: ClassVar[str] = "arXiv 2509.25849, released code (other mode)"

    buffer: int = 16
    """Rewards to average over; at least 1."""
    minimum: int = 1
    """Kept rewards from which on a prompt is known; between 1 and ``buffer``."""
    _recent: dict[str, str] = field(init=False, repr=False, default_factory=dict)  # "0" and "1", oldest first

    def __post_init__(self) -> None:
        """Check the ranges of the options."""
        if self.buffer < 1:
            raise ConfigError(f"belief 'sliding': option buffer = {self.buffer} must be at least 1")
        if not 1 <= self.minimum <= self.buffer:
            raise ConfigError(
                f"belief 'sliding': option minimum = {self.minimum} must be between 1 and the buffer, {self.buffer}"
            )

    def observe(self, *, step: int, prompt_ids: Sequence[str], rewards: Sequence[Sequence[int]]) -> None:
        """Record a step's rewards; see `Tracker.observe`."""
        del step  # the estimate ages by rewards, not by steps
        for prompt_id, visit in visits(prompt_ids, rewards).items():
            newest = "".join(map(str, visit[-self.buffer :]))
            self._recent[prompt_id] = (self._recent.get(prompt_id, "") + newest)[-self.buffer :]

    def predict(self, prompt_ids: Sequence[str]) -> BeliefArrays:
        """Plug-in beliefs; unknown below ``minimum`` rewards; columns of [P]."""
        kept = [self._recent.get(prompt_id, "") for prompt_id in prompt_ids]
        known = [recent if len(recent) >= self.minimum else "" for recent in kept]
        return BeliefArrays.from_counts([recent.count("1") for recent in known], [len(recent) for recent in known])

    def state_dict(self) -> dict[str, Any]:
        """Saved state, JSON-serialisable."""
        return {"tracker": self.name, "prompts": dict(self._recent)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace the state by a saved one; see `Tracker.load_state_dict`."""
        self._recent = {key: str(recent) for key, recent in saved_prompts(state, tracker=self.name).items()}
