"""The mean of everything ever drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.tracker import saved_prompts, visits


@dataclass(slots=True, kw_only=True)
class Cumulative:
    """Plug-in estimate over all rewards of a prompt: sum of successes / sum of draws.

    It never forgets, so it lags behind a policy that learns. Source: arXiv 2505.18573 (E3-RL4LLMs).
    """

    name: ClassVar[str] = "cumulative"
    source: ClassVar[str] = "arXiv 2505.18573"

    _counts: dict[str, tuple[int, int]] = field(init=False, repr=False, default_factory=dict)

    def observe(self, *, step: int, prompt_ids: Sequence[str], rewards: Sequence[Sequence[int]]) -> None:
        """Record a step's rewards; see `Tracker.observe`."""
        del step  # nothing ages here
        for prompt_id, visit in visits(prompt_ids, rewards).items():
            successes, draws = self._counts.get(prompt_id, (0, 0))
            self._counts[prompt_id] = (successes + sum(visit), draws + len(visit))

    def predict(self, prompt_ids: Sequence[str]) -> BeliefArrays:
        """Plug-in beliefs; unknown where nothing was drawn; columns of [P]."""
        counts = [self._counts.get(prompt_id, (0, 0)) for prompt_id in prompt_ids]
        return BeliefArrays.from_counts([successes for successes, _ in counts], [draws for _, draws in counts])

    def state_dict(self) -> dict[str, Any]:
        """Saved state, JSON-serialisable."""
        return {"tracker": self.name, "prompts": {key: list(pair) for key, pair in self._counts.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace the state by a saved one; see `Tracker.load_state_dict`."""
        saved = saved_prompts(state, tracker=self.name)
        self._counts = {key: (successes, draws) for key, (successes, draws) in saved.items()}
