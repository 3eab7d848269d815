"""The log of a whole study: two lines a job, the second with the runs done and the time left.

Knows nothing of Snakemake: `workflow/plugins/snakemake_logger_plugin_study` hands over what happens. What a job itself
prints is in its own log file.
"""

import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

WIDEST = 200
"""Characters of a line."""
TRAINING = "train"
"""The rule that takes nearly all the time of a study, and has one job per run."""
_TAIL_BYTES = 4096


@dataclass(slots=True)
class StudyLog:
    """Turns what happens to jobs into lines.

    Example: ``StudyLog().planned({"train": 2, "total": 9})`` yields ``9 jobs, 2 of them trainings``.
    """

    clock: Callable[[], float] = time.time
    """Seconds since 1970."""
    num_jobs: int = 0
    num_runs: int = 0
    """Trainings among them."""
    jobs_done: int = 0
    runs_done: int = 0
    _started: dict[int, tuple[str, str, float]] = field(default_factory=dict)
    """By job id: rule, name, when."""
    _training_since: float | None = None

    def planned(self, stats: Mapping[str, int]) -> Iterator[str]:
        """Jobs by rule, with their sum under ``total``."""
        self.num_jobs, self.num_runs = stats.get("total", sum(stats.values())), stats.get(TRAINING, 0)
        trainings = f", {self.num_runs} of them trainings" if self.num_runs else ""
        yield f"{self.num_jobs} jobs{trainings}; what a job prints is in results/<study>/logs/"

    def started(self, job: int, rule: str, *, wildcards: Sequence[str]) -> Iterator[str]:
        """A job has been sent off."""
        name = " ".join([rule, *wildcards])
        now = self.clock()
        if rule == TRAINING and self._training_since is None:
            self._training_since = now
        self._started[job] = (rule, name, now)
        yield f"{self._time(now)} start  {name}"

    def finished(self, job: int) -> Iterator[str]:
        """A job has ended well."""
        rule, name, since = self._started.pop(job, ("", f"job {job}", self.clock()))
        self.jobs_done += 1
        self.runs_done += rule == TRAINING
        now = self.clock()
        yield f"{self._time(now)} done   {name} in {duration(now - since)} | {self.progress()}"

    def failed(self, job: int, *, logs: Sequence[str]) -> Iterator[str]:
        """A job has failed: which, its log file, and the last line of it."""
        _, name, _ = self._started.pop(job, ("", f"job {job}", 0.0))
        yield f"{self._time(self.clock())} FAILED {name}; its log: {', '.join(logs) or 'none'}"[:WIDEST]
        if logs and (last := last_line(Path(logs[0]))):
            yield "    " + textwrap.shorten(last, WIDEST - 4, placeholder=" ...")

    def progress(self) -> str:
        """Runs and jobs done, and the time left by the pace of the trainings so far."""
        done = f"runs {self.runs_done} of {self.num_runs}, " if self.num_runs else ""
        return f"{done}jobs {self.jobs_done} of {self.num_jobs}{self._left()}"

    def _left(self) -> str:
        if self._training_since is None or not self.runs_done or self.runs_done == self.num_runs:
            return ""
        pace = (self.clock() - self._training_since) / self.runs_done
        return f", about {duration(pace * (self.num_runs - self.runs_done))} left"

    @staticmethod
    def _time(seconds: float) -> str:
        return time.strftime("%H:%M:%S", time.localtime(seconds))


def duration(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3 h 20 min``."""
    minutes = round(seconds / 60)
    if seconds < 100:  # noqa: PLR2004 - as people say it
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004 - an hour


def last_line(path: Path) -> str:
    """The last line of a log that says anything; empty if there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def wrapped(text: str) -> Iterator[str]:
    """A message of others in lines that are not too long."""
    for line in text.splitlines():
        yield from textwrap.wrap(line, WIDEST, subsequent_indent="    ") or [""]
