"""Counts for the batches of a trainer that is not ours: beliefs, strategy and their state. Knows no trainer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import StateError
from knapsack_rl.integrations.estimates import Estimates
from knapsack_rl.integrations.verl.settings import Settings

FORMAT = 1
"""Of the saved state; raised when an older one could be misread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The prompts that a step samples. Example: ``Batch(prompt_ids=("gsm8k/7",), total=8, step=1, epoch=0)``."""

    prompt_ids: tuple[str, ...]
    """A prompt that stands twice in the batch is two groups of one belief.  [P]"""
    total: int
    """Rollouts to deal."""
    step: int
    """1-based."""
    epoch: int
    """Passes over the data completed before it."""
    part: int = 0
    """Number of the batch within its step: above 0, it replaces groups that failed."""


class Allocator:
    """Beliefs and strategy of one run.

    Args:
        settings: what to deal by.
        texts: text of every training prompt by id; read where a belief or strategy predicts from texts.
    """

    def __init__(self, settings: Settings, *, texts: Mapping[str, str] | None = None) -> None:
        self._settings = settings
        self._estimates = Estimates(settings, texts=texts)

    def deal(self, batch: Batch) -> tuple[IntArray, FloatArray]:
        """Counts of a batch and the rates they follow from; the same batch and state give the same answer.

        Returns:
            Counts, at least 2 each, that sum to the batch's total [P]; success rates, NaN where unknown [P].

        Raises:
            AllocationError: no counts fit the bounds, or the strategy gives a prompt fewer than 2.
        """
        counts_P, rate_P, self._estimates.strategy_state = self._estimates.counts(
            batch.prompt_ids, total=batch.total, step=batch.step, epoch=batch.epoch, part=batch.part
        )
        return counts_P, rate_P

    def visit(self, prompt_id: str) -> int:
        """Number of the visit that a prompt is being paid: 1 the first time."""
        return self._estimates.visit(prompt_id)

    def observe(
        self, prompt_ids: Sequence[str], successes_P_G: Sequence[Sequence[int]], *, step: int, epoch: int
    ) -> None:
        """Learn from a step's outcomes; see `Estimates.learn`."""
        self._estimates.learn(prompt_ids, successes_P_G, step=step, epoch=epoch)

    def state_dict(self) -> dict[str, Any]:
        """Everything that later counts depend on; JSON-serialisable."""
        return {"format": FORMAT, "strategy": self._settings.strategy, **self._estimates.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state.

        Raises:
            StateError: it is of another format, strategy or tracker, or incomplete.
        """
        if state.get("format") != FORMAT or state.get("strategy") != self._settings.strategy:
            raise StateError(
                f"saved beliefs are of strategy {state.get('strategy')!r} in format {state.get('format')!r}, not"
                f" {self._settings.strategy!r} in format {FORMAT}: resume with the same settings and package"
            )
        try:
            self._estimates.load_state_dict(state)
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"saved beliefs are incomplete ({error!r}); resume from an earlier checkpoint") from None
