"""What a run remembers of each prompt besides its success rate: visits, and tokens per rollout."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.base.types import Group


class PromptHistory:
    """Visits and response tokens by prompt id; part of the resume state."""

    def __init__(self) -> None:
        self._facts: dict[str, list[int]] = {}  # id -> [visits, rollouts, response tokens]

    def visits(self, prompt_id: str) -> int:
        """How often the run has trained on the prompt."""
        return self._facts.get(prompt_id, [0])[0]

    def record(self, groups: Sequence[Group]) -> None:
        """Count one visit of every prompt of a step."""
        for group in groups:
            facts = self._facts.setdefault(group.prompt.id, [0, 0, 0])
            facts[0] += 1
            facts[1] += len(group.rollouts)
            facts[2] += sum(len(rollout.tokens) for rollout in group.rollouts)

    def spent(self) -> dict[str, int]:
        """Everything generated so far, by the columns of ``STEPS`` that a budget may name."""
        _, rollouts, tokens = (sum(column) for column in zip((0, 0, 0), *self._facts.values(), strict=True))
        return {"num_rollouts": rollouts, "num_response_tokens": tokens}

    def cost(self, prompt_ids: Sequence[str]) -> FloatArray | None:
        """Expected response tokens of one rollout, per prompt: its own mean so far, else the mean over all prompts.

        None before the first step, when nothing is known.
        """
        rollouts = sum(facts[1] for facts in self._facts.values())
        if rollouts == 0:
            return None
        overall = sum(facts[2] for facts in self._facts.values()) / rollouts
        return np.array([self._own_cost(prompt_id, overall) for prompt_id in prompt_ids])

    def _own_cost(self, prompt_id: str, overall: float) -> float:
        _, rollouts, tokens = self._facts.get(prompt_id, (0, 0, 0))
        return tokens / rollouts if rollouts else overall

    def state_dict(self) -> dict[str, Any]:
        """JSON-serialisable."""
        return dict(self._facts)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace by a saved state."""
        self._facts = {key: [int(value) for value in facts] for key, facts in state.items()}
