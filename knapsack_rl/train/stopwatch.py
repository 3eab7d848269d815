"""Seconds of a step by phase."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PHASES = ("probe", "allocate", "sample", "score", "pack", "update", "sync", "step")


class Stopwatch:
    """Seconds by phase; ``with watch("sample"): ...``. Phases inside one another count for the inner one alone."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PHASES, 0.0)
        self._inner: list[float] = []

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """Add the seconds spent inside to ``phase``; ``step`` is the whole."""
        start = time.perf_counter()
        self._inner.append(0.0)
        try:
            yield
        finally:
            seconds, inner = time.perf_counter() - start, self._inner.pop()
            self.seconds[phase] += seconds if phase == "step" else seconds - inner
            if self._inner:
                self._inner[-1] += seconds

    def columns(self) -> dict[str, Any]:
        """Seconds of each phase, by column of `StepFacts`."""
        return {f"{phase}_s": seconds for phase, seconds in self.seconds.items()}
