"""Snakemake's logger plugin of this project: `snakemake --logger study`, with `workflow/plugins` on PYTHONPATH.

`make reproduce` uses it. It hands events of Snakemake's interface for loggers to `knapsack_rl.study.job_log`, and lets
warnings, errors and the place of the whole log through. On a terminal the progress of the study stays in the last line.
"""

import logging
import sys
from collections.abc import Iterator

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from knapsack_rl.study.job_log import StudyLog, wrapped

NOTHING = "Nothing to be done"
PASSED_ON = ("Complete log", "Unlocking", "Would remove")
"""Starts of messages without an event, of no higher level, that people need."""
CLEAR_LINE = "\r\x1b[K"


class LogHandler(LogHandlerBase):
    """Writes the lines of a `StudyLog` to standard error."""

    def __post_init__(self) -> None:
        """Start with nothing planned."""
        self._log = StudyLog()
        self._terminal = sys.stderr.isatty()

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write what a record means to the user, if anything."""
        try:
            lines = list(self._lines(record))
            before, after = (CLEAR_LINE, self._log.progress()) if self._terminal and self._log.num_jobs else ("", "")
            if lines:
                sys.stderr.write(before + "".join(f"{line}\n" for line in lines) + after)
                sys.stderr.flush()
        except Exception:  # noqa: BLE001 - as logging wants it
            self.handleError(record)

    def _lines(self, record: logging.LogRecord) -> Iterator[str]:
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            yield from self._log.planned(record.stats)
        elif event == LogEvent.JOB_INFO:
            yield from self._log.started(record.jobid, record.rule_name, wildcards=_texts(record.wildcards))
        elif event == LogEvent.JOB_FINISHED:
            yield from self._log.finished(record.job_id)
        elif event == LogEvent.JOB_ERROR:
            yield from self._log.failed(record.jobid, logs=list(record.log))
        elif event is None or event == LogEvent.ERROR:
            yield from _passed_on(record)


def _passed_on(record: logging.LogRecord) -> Iterator[str]:
    text = str(record.msg or "")
    if text.startswith(NOTHING):
        yield "Nothing to be done: every file of the study is there and up to date"
    elif record.levelno >= logging.WARNING or text.startswith(PASSED_ON):
        yield from wrapped(text)


def _texts(wildcards: object) -> list[str]:
    return [str(value) for value in dict(wildcards).values()] if wildcards else []
