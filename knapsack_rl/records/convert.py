"""Records of older versions: which columns they lack or name otherwise, and how those are filled in."""

import os
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from knapsack_rl.base.errors import InputError
from knapsack_rl.records.schemas import STEPS
from knapsack_rl.records.tables import write_table

ADDED: Mapping[str, int | float] = {"num_probe_rollouts": 0, "probe_s": 0.0}
"""Required columns of ``STEPS`` that came later, with what they were before they were counted apart: nothing.

A column that may be null needs no entry; it is read as null where it is absent.
"""

RENAMED: Mapping[str, str] = {name: f"updated_{name}" for name in ("clip_frac", "approx_kl", "entropy")}
"""Columns of ``STEPS`` by their older name, which did not say that they cover updated rollouts only."""


def convert_study(results: Path) -> int:
    """Add what the records of ``results/<study>`` lack and rename what is called otherwise now; safe to repeat.

    Times of modification are kept, so that nothing is computed again because of it.

    Returns:
        How many files were changed.

    Raises:
        InputError: there are no runs, or a file cannot be read.
        OutputError: a file cannot be written.
    """
    files = sorted(results.glob("runs/[!.]*/steps.parquet"))
    if not files:
        raise InputError(f"{results}: holds no records; give the folder of a study, e.g. results/arithmetic")
    return sum(_convert(path) for path in files)


def _convert(path: Path) -> bool:
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path}: is not a readable parquet file ({error}); train this run again") from None
    lacking = [name for name in ADDED if name not in table.column_names]
    for name in lacking:
        field = STEPS.field(name)
        table = table.append_column(field, pa.array([ADDED[name]] * len(table), type=field.type))
    renamed = [name for name in RENAMED if name in table.column_names]
    table = table.rename_columns([RENAMED.get(name, name) for name in table.column_names])
    if lacking or renamed:
        before = path.stat()
        write_table(path, table)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return bool(lacking or renamed)
