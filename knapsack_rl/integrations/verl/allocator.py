"""Counts for the batches of a trainer that is not ours: beliefs, strategy and their state. Knows no trainer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from knapsack_rl.allocation import AllocationRequest, Outcome, build_strategy, run_strategy
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import AllocationError, StateError
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.beliefs import NeedsFeatures, build_tracker, hashed_features
from knapsack_rl.integrations.verl.settings import LEAST, Settings

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
        self._strategy = build_strategy(settings.strategy, settings.options)
        self._tracker = build_tracker(settings.belief_name, settings.belief_options)
        self._state: Mapping[str, Any] = {}
        self._visits: Counter[str] = Counter()
        self._features: Mapping[str, FloatArray] | None = None
        if isinstance(self._tracker, NeedsFeatures) or self._strategy.reads_features:
            self._features = hashed_features(texts or {})
        if isinstance(self._tracker, NeedsFeatures) and self._features:
            self._tracker.set_features(self._features)

    def deal(self, batch: Batch) -> tuple[IntArray, FloatArray]:
        """Counts of a batch and the rates they follow from; the same batch and state give the same answer.

        Returns:
            Counts, at least 2 each, that sum to the batch's total [P]; success rates, NaN where unknown [P].

        Raises:
            AllocationError: no counts fit the bounds, or the strategy gives a prompt fewer than 2.
        """
        beliefs = self._tracker.predict(batch.prompt_ids)
        request = AllocationRequest(
            total=batch.total,
            low=self._settings.low,
            high=self._settings.high,
            prompt_ids=batch.prompt_ids,
            step=batch.step,
            epoch=batch.epoch,
            features=self._features,
        )
        again = (batch.part,) if batch.part else ()
        rng = np.random.default_rng(derive_seed(self._settings.seed, "allocate", batch.step, *again))
        counts_P, self._state = run_strategy(self._strategy, beliefs, request=request, state=self._state, rng=rng)
        if counts_P.size and counts_P.min() < LEAST:
            raise AllocationError(
                f"strategy {self._settings.strategy!r} gives prompt {batch.prompt_ids[int(counts_P.argmin())]!r}"
                f" {counts_P.min()} rollouts, and a group needs {LEAST}; choose another strategy"
            )
        return counts_P, beliefs.rate_P

    def visit(self, prompt_id: str) -> int:
        """Number of the visit that a prompt is being paid: 1 the first time."""
        return self._visits[prompt_id] + 1

    def observe(
        self, prompt_ids: Sequence[str], successes_P_G: Sequence[Sequence[int]], *, step: int, epoch: int
    ) -> None:
        """Learn from a step's outcomes.

        Args:
            prompt_ids: prompts that came back.  [P]
            successes_P_G: 1 right, 0 wrong, in rollout order.  [P][G]
            step: 1-based.
            epoch: 0-based.
        """
        self._tracker.observe(step=step, prompt_ids=prompt_ids, rewards=successes_P_G)
        outcome = Outcome(
            step=step,
            epoch=epoch,
            prompt_ids=tuple(prompt_ids),
            successes_P=np.array([sum(group) for group in successes_P_G], dtype=np.int64),
            draws_P=np.array([len(group) for group in successes_P_G], dtype=np.int64),
        )
        self._state = self._strategy.observe(outcome, state=self._state)
        self._visits.update(prompt_ids)

    def state_dict(self) -> dict[str, Any]:
        """Everything that later counts depend on; JSON-serialisable."""
        return {
            "format": FORMAT,
            "strategy": self._settings.strategy,
            "tracker": self._tracker.state_dict(),
            "strategy_state": dict(self._state),
            "visits": dict(self._visits),
        }

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
            self._tracker.load_state_dict(state["tracker"])
            self._state, self._visits = dict(state["strategy_state"]), Counter(state["visits"])
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"saved beliefs are incomplete ({error!r}); resume from an earlier checkpoint") from None
