"""The mean of a prompt's latest visits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.tracker import saved_prompts, visits


@dataclass(slots=True, kw_only=True)
class LastVisit:
    """Plug-in estimate over the last ``visits`` visits: sum of successes / sum of draws.

    With one visit of m draws its standard deviation is ``sqrt(p q / m)``: fresh, and as noisy as the visit is small.
    Source: arXiv 2602.03048 (CoBA-RL), which pools the last visits of a prompt.
    """

    name: ClassVar[str] = "last_visit"
    source: ClassVar[str] = "arXiv 2602.03048, released code"

    visits: int = 1
    """Visits to pool, newest first; at least 1."""
    _visits: dict[str, list[tuple[int, int]]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Check the range of the option."""
        if self.visits < 1:
            raise ConfigError(f"belief 'last_visit': option visits = {self.visits} must be at least 1")

    def observe(self, *, step: int, prompt_ids: Sequence[str], rewards: Sequence[Sequence[int]]) -> None:
        """Record a step's rewards; see `Tracker.observe`."""
        del step  # the estimate ages by visits, not by steps
        for prompt_id, visit in visits(prompt_ids, rewards).items():
            older = self._visits.get(prompt_id, [])
            self._visits[prompt_id] = [*older, (sum(visit), len(visit))][-self.visits :]

    def predict(self, prompt_ids: Sequence[str]) -> BeliefArrays:
        """Plug-in beliefs; unknown where nothing was drawn; columns of [P]."""
        kept = [self._visits.get(prompt_id, []) for prompt_id in prompt_ids]
        return BeliefArrays.from_counts(
            [sum(successes for successes, _ in pairs) for pairs in kept],
            [sum(draws for _, draws in pairs) for pairs in kept],
        )

    def state_dict(self) -> dict[str, Any]:
        """Saved state, JSON-serialisable."""
        return {
            "tracker": self.name,
            "prompts": {key: [list(pair) for pair in pairs] for key, pairs in self._visits.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace the state by a saved one; see `Tracker.load_state_dict`."""
        saved = saved_prompts(state, tracker=self.name)
        self._visits = {key: [(successes, draws) for successes, draws in pairs] for key, pairs in saved.items()}
