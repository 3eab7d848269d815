"""Who is told of a step: the journal first, then the live tracker and the progress line; on rank 0 alone."""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from math import nan
from typing import Any, Protocol, Self

from knapsack_rl.config import RunConfig
from knapsack_rl.grpo import effective_ratios
from knapsack_rl.progress import Progress
from knapsack_rl.records import GroupFacts, Journal, StepFacts
from knapsack_rl.train.no_reward import NoReward

log = logging.getLogger(__name__)


class Live(Protocol):
    """Something told of every step; it must return at once and never raise."""

    def log_step(self, record: Mapping[str, Any]) -> None:
        """Take note of one step's facts."""
        ...

    def close(self, *, finished: bool) -> None:
        """Finish; ``finished``: the run has taken its last step."""
        ...


class StepLog(AbstractContextManager["StepLog"]):
    """Journal, progress and live tracker for the duration of a run; on other ranks there is none of them.

    Args:
        config: the run.
        start: last step that is done.
        journal: opens the journal; None: nothing is told.
        start_live: starts the live tracker, if there is to be one.
    """

    def __init__(
        self,
        config: RunConfig,
        *,
        start: int,
        journal: Callable[[], Journal] | None,
        start_live: Callable[[RunConfig], Live] | None,
    ) -> None:
        self._config, self._start = config, start
        self._open_journal = journal
        self._start_live = start_live if config.live_tracking else None
        self._no_reward = NoReward()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Open what there is."""
        if self._open_journal is None:
            return self
        self._journal = self._stack.enter_context(self._open_journal())
        bar = Progress(self._config.run_id, total=self._config.train.steps, start=self._start)
        self._progress = self._stack.enter_context(bar)
        self._live = self._start_live(self._config) if self._start_live else None
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        """Close them, the newest first."""
        with self._stack:
            if self._open_journal is not None and self._live:
                self._live.close(finished=failure is None)

    def record(self, facts: StepFacts) -> None:
        """Keep the facts of a step; they are on disk when this returns."""
        if self._open_journal is None:
            return
        record = facts.record()
        self._journal.append(record)
        if self._live:
            self._live.log_step(record)

    def show(self, facts: StepFacts, **more: str) -> None:
        """Move the progress line, which says ``more`` at its end."""
        if self._open_journal is None:
            return
        self._progress.update(facts.step, **_summary(facts), **more)
        if line := self._no_reward.line(facts):
            log.warning("%s: %s", self._config.run_id, line)


def _unread(facts: StepFacts) -> dict[str, str]:
    """Shares of responses that could not be judged, where there are any."""
    named = {"cut": facts.num_cut_off, "no_answer": facts.num_no_answer}
    return {name: f"{number / facts.num_rollouts:.2f}" for name, number in named.items() if number}


def _num_distinct(group: GroupFacts) -> float:
    return nan if group.num_distinct_rewards is None else group.num_distinct_rewards


def _summary(facts: StepFacts) -> dict[str, str]:
    ratio, _ = effective_ratios(
        [group.num_successes for group in facts.groups],
        [group.num_rollouts for group in facts.groups],
        num_distinct_P=[_num_distinct(group) for group in facts.groups],
    )
    return {
        "reward": f"{facts.num_successes / facts.num_rollouts:.3f}",
        "effective": f"{ratio:.2f}",
        **_unread(facts),
        "rollouts/s": f"{facts.num_rollouts / facts.step_s:.0f}",
    }
