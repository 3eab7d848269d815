"""Stream a run's step metrics to MLflow while it trains, without ever holding the training up.

All of MLflow, its import included, happens in a daemon thread. Whatever goes wrong there is one warning and then
silence: the journal holds every fact, and ``sync`` makes MLflow equal to it afterwards.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from math import nan
from pathlib import Path
from typing import Any, Self

from knapsack_rl.config import RunConfig
from knapsack_rl.records import environment_facts
from knapsack_rl.tracking.identity import run_params, run_tags
from knapsack_rl.tracking.metrics import Point, step_metrics
from knapsack_rl.tracking.store import one_line, open_experiment

logger = logging.getLogger(__name__)

MAX_WAITING = 1000
"""Steps kept while the store does not take them; beyond that the oldest are dropped."""


class LiveTracker:
    """Sends steps in batches every ``interval_s`` seconds.

    Use ``LiveTracker.start(config, results_root=Path("results"))`` once training begins, then ``log_step`` and
    ``close``; none of them raises or waits for MLflow.
    """

    def __init__(self, config: RunConfig, results_root: Path, *, interval_s: float = 2.0) -> None:
        self._config = config
        self._results_root = results_root
        self._interval_s = interval_s
        self._waiting: deque[tuple[Mapping[str, Any], int]] = deque(maxlen=MAX_WAITING)
        self._closing = threading.Event()
        self._finished = False
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._guarded, name="mlflow-live", daemon=True)

    @classmethod
    def start(cls, config: RunConfig, results_root: Path, *, interval_s: float = 2.0) -> Self:
        """Start the thread and return at once."""
        tracker = cls(config, results_root, interval_s=interval_s)
        tracker._thread.start()
        return tracker

    def log_step(self, record: Mapping[str, Any]) -> None:
        """Queue one journal record (the columns of ``STEPS``, and ``groups``); returns at once."""
        if not self._given_up.is_set():
            self._waiting.append((record, round(time.time() * 1000)))

    def close(self, timeout_s: float = 2.0, *, finished: bool = False) -> None:
        """Give the thread ``timeout_s`` seconds to send what is queued, then leave it behind.

        Args:
            timeout_s: how long to wait for it.
            finished: the run has taken its last step.
        """
        self._finished = finished
        self._closing.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive() and not self._given_up.is_set():
            self._give_up("MLflow has not taken all steps yet")

    def _give_up(self, reason: str) -> None:
        self._given_up.set()
        self._waiting.clear()
        logger.warning("%s: live tracking stops (%s); the sync adds what is missing", self._config.run_id, reason)

    def _guarded(self) -> None:
        try:
            self._stream()
        except Exception as error:  # noqa: BLE001 - optional logging must not end a training run
            if not self._given_up.is_set():
                self._give_up(one_line(error))

    def _stream(self) -> None:
        experiment = open_experiment(self._config.study, self._results_root)
        from knapsack_rl.tracking.writing import open_live_run

        tags = run_tags(self._config, git_commit=environment_facts()["git_commit"])
        writer = open_live_run(experiment, tags=tags, params=run_params(self._config))
        closing = False
        while not closing and not self._given_up.is_set():
            # Looked at before the queue is emptied, so that a step queued before `close` is never left behind.
            closing = self._closing.wait(self._interval_s)
            writer.add_points(self._take())
        writer.end("FINISHED" if self._finished else "KILLED")

    def _take(self) -> list[Point]:
        points: list[Point] = []
        while self._waiting:
            record, time_ms = self._waiting.popleft()
            groups = record["groups"]
            metrics = step_metrics(
                record,
                num_successes_P=[group["num_successes"] for group in groups],
                num_rollouts_P=[group["num_rollouts"] for group in groups],
                num_distinct_P=[group.get("num_distinct_rewards", nan) for group in groups],
            )
            points += [Point(name=n, value=v, step=record["step"], time_ms=time_ms) for n, v in metrics.items()]
        return points
