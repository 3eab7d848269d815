"""What this workflow needs of a running Snakemake beyond its interface; nothing else touches Snakemake's internals."""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

MAJOR = "9"
"""Version of Snakemake whose scheduler is known; another one is left as it is."""
DEFAULT_LIMIT = (100, 1)
"""Submissions, and the seconds they count for, that Snakemake limits itself to if the user sets nothing."""


def stop_idle_scheduling(workflow: Any, *, installed: str | None = None) -> bool:  # noqa: ANN401 - Snakemake's
    """Choose jobs when one has finished, not also many times a second for as long as some wait.

    Snakemake 9 limits submissions to 100 a second. For that, each choice of jobs asks for another one a second later,
    and each finished job starts a chain of its own; none ends while jobs wait, so after 100 jobs a core is busy with
    it. A limit that the user set is kept.

    Args:
        workflow: Snakemake's workflow, once it has a scheduler.
        installed: version of Snakemake; None: that of the installed package.

    Returns:
        Whether the limit was taken away.
    """
    if (installed or version("snakemake")).split(".", maxsplit=1)[0] != MAJOR:
        return False
    scheduler = getattr(workflow, "scheduler", None)
    limit = getattr(scheduler, "job_rate_limiter", None)
    if scheduler is None or limit is None or (limit.max_jobs, limit.timespan) != DEFAULT_LIMIT:
        return False
    scheduler.job_rate_limiter = None
    return True


def stale_lock(folder: Path, arguments: Sequence[str]) -> str | None:
    """The line that says how to go on after a Snakemake that was killed left its lock; None if there is nothing to say.

    Args:
        folder: where Snakemake runs.
        arguments: its command line; one that unlocks, or asks for no lock, needs no advice.
    """
    if not any((folder / ".snakemake" / "locks").glob("*")) or {"--unlock", "--nolock"} & set(arguments):
        return None
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter(["pid", "cmdline", "cwd"]):
        here = process.info["cwd"] == str(folder.absolute())
        if process.pid not in mine and here and "snakemake" in " ".join(process.info["cmdline"] or ()):
            return None
    return "a Snakemake that was killed left its lock; if no other works in this folder: `snakemake --unlock`"


def explain_stale_lock() -> None:
    """Say so on stderr, once, for the Snakemake that reads the workflow in this process."""
    if (line := stale_lock(Path(), sys.argv)) is not None:
        sys.stderr.write(f"note: {line}\n")
