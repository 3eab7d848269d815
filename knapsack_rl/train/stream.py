"""Endless, seeded, resumable batches of training prompts."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import Prompt


class PromptStream:
    """Every epoch is a new permutation, a function of (seed, epoch) alone; a last partial batch is dropped.

    The order does not depend on the arm, so arms of one seed see the same prompts at every step.

    Args:
        prompts: training problems.
        batch_size: prompts per step.
        seed: run seed.
    """

    def __init__(self, prompts: Sequence[Prompt], *, batch_size: int, seed: int) -> None:
        if batch_size > len(prompts):
            raise ConfigError(
                f"train.prompts_per_step: {batch_size} exceeds the {len(prompts)} training problems; lower it"
            )
        self._prompts = prompts
        self._batch_size = batch_size
        self._seed = seed
        self._position = 0  # batches handed out

    @property
    def epoch(self) -> int:
        """0-based epoch of the next batch."""
        return self._position // self._batches_per_epoch

    @property
    def _batches_per_epoch(self) -> int:
        return len(self._prompts) // self._batch_size

    def next(self) -> list[Prompt]:
        """The next batch, without repetition inside it."""
        order = np.random.default_rng(derive_seed(self._seed, "epoch", self.epoch)).permutation(len(self._prompts))
        start = (self._position % self._batches_per_epoch) * self._batch_size
        self._position += 1
        return [self._prompts[int(index)] for index in order[start : start + self._batch_size]]

    def state_dict(self) -> dict[str, Any]:
        """Where the stream is."""
        return {"position": self._position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self._position = int(state["position"])
