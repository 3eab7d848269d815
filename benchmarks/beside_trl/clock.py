"""Seconds by the wall and by the processor."""

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lap:
    """One step. Example: ``Lap(wall_s=1.0, processor_s=0.9, response_tokens=9000, rollouts=512)``."""

    wall_s: float
    processor_s: float
    """Of all threads of this process."""
    response_tokens: int
    rollouts: int


class Clock:
    """Times laps. Processor seconds of one thread are those of an idle machine, whatever else runs on this one."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin a lap."""
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def lap(self, response_tokens: int, *, rollouts: int) -> Lap:
        """What has passed since the start; the next lap begins."""
        wall, processor = time.perf_counter() - self._wall, time.process_time() - self._processor
        self.start()
        return Lap(wall, processor, response_tokens, rollouts)
