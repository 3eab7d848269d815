"""Endless, seeded, resumable batches of training prompts."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from knapsack_rl.base.arrays import IntArray
from knapsack_rl.base.errors import AllocationError, ConfigError
from knapsack_rl.base.order import EpochOrder
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import Prompt


class PromptStream:
    """Every epoch is a new permutation, a function of (seed, epoch) alone; a last partial batch is dropped.

    The order does not depend on the arm, so arms of one seed see the same prompts at every step, as long as none of
    them takes more than a batch.

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
        self._index = {prompt.id: index for index, prompt in enumerate(prompts)}
        self._batch_size = batch_size
        self._seed = seed
        self._order = EpochOrder(len(prompts), batch=batch_size, permutation=self._permutation)

    @property
    def epoch(self) -> int:
        """0-based epoch of the next prompt."""
        return self._order.epoch

    def _permutation(self, epoch: int) -> IntArray:
        return np.random.default_rng(derive_seed(self._seed, "epoch", epoch)).permutation(len(self._prompts))

    def next(self) -> list[Prompt]:
        """The next batch, without repetition inside it."""
        return [self._prompts[index] for index in self._order.take(self._batch_size)]

    def more(self, count: int, *, without: Collection[str]) -> list[Prompt]:
        """Up to ``count`` further prompts for the same step, as many as there are besides those ``without``."""
        present = {self._index[prompt_id] for prompt_id in without}
        count = min(count, len(self._prompts) - len(present))
        return [self._prompts[index] for index in self._order.take(count, without=present)]

    def find(self, prompt_ids: Sequence[str]) -> list[Prompt]:
        """Prompts by id, wherever the stream is.

        Raises:
            AllocationError: there is no such training problem.
        """
        unknown = next((prompt_id for prompt_id in prompt_ids if prompt_id not in self._index), None)
        if unknown is not None:
            raise AllocationError(f"prompt {unknown!r} is no training problem of this run")
        return [self._prompts[self._index[prompt_id]] for prompt_id in prompt_ids]

    def state_dict(self) -> dict[str, Any]:
        """Where the stream is."""
        return {"position": self._order.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self._order.position = int(state["position"])
