"""The raw records of a study as one compressed file, for readers who want to analyse them otherwise.

Weights, resume states and logs are left out. Of a training group its counts are kept: rewards are 0 or 1, and rollouts
of a group are exchangeable. Evaluations and probes have a row per sample.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path

from knapsack_rl.base.errors import InputError
from knapsack_rl.records.atomic import sha256_of, written_whole

PATTERNS = (
    *("study.json", "data/**/*.parquet", "evals/*.parquet", "probes/*.parquet"),
    *("runs/*/config.json", "runs/*/manifest.json"),
    *(f"runs/*/{table}.parquet" for table in ("steps", "groups", "rounds")),
)
"""What goes in, relative to ``results/<study>``."""


def write_release(results: Path, output: Path) -> tuple[str, int]:
    """Pack the records below ``results`` into ``output`` (``.tar.xz``); equal records give equal bytes.

    Returns:
        The sha256 of the file, and how many files are in it.

    Raises:
        InputError: there are no records of any run.
        OutputError: ``output`` cannot be written.
    """
    files = list(_records(results))
    if not any(path.name == "steps.parquet" for path in files):
        raise InputError(f"{results}: has no records of a finished run; run the study first: make reproduce")
    with written_whole(output) as temporary, tarfile.open(temporary, "w:xz") as archive:
        for path in files:
            archive.add(path, arcname=str(path.relative_to(results.parent)), recursive=False, filter=_plain)
    return sha256_of(output), len(files)


def _records(results: Path) -> Iterator[Path]:
    for pattern in PATTERNS:
        found = (path for path in sorted(results.glob(pattern)) if path.is_file())
        yield from (path for path in found if not path.parent.name.startswith("."))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without owner, time and rights, which belong to a machine and not to the records."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o644
    return member
