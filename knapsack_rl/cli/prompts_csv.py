"""Success rates in a CSV file become beliefs; counts go back out as CSV."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from knapsack_rl.base.belief import Belief, Point, Unknown
from knapsack_rl.base.errors import InputError

RATE_DRAWS = 1_000_000.0
"""A bare rate is taken as known: it counts as this many draws."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTable:
    """Rows of the file. ``ids`` and ``beliefs`` have one entry per prompt."""

    ids: tuple[str, ...]
    beliefs: tuple[Belief, ...]


def read_prompts_csv(path: Path) -> PromptTable:
    """Read `id` with `success_rate`, or `id` with `successes` and `draws`; empty cells mean unknown.

    Raises:
        InputError: no such file, a missing column, a repeated id, a rate outside [0, 1], successes above draws.
    """
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); give a CSV file") from None
    if not rows:
        raise InputError(f"{path}: has no rows; give at least one prompt")
    _check_columns(path, rows[0])
    ids = [row["id"] for row in rows]
    repeated = (
        next((identity for identity in ids if ids.count(identity) > 1), None) if len(set(ids)) < len(ids) else None
    )
    if repeated is not None:
        raise InputError(f"{path}: id {repeated!r} occurs more than once; give every prompt its own id")
    beliefs = tuple(_belief(path, number, row=row) for number, row in enumerate(rows, start=2))
    return PromptTable(ids=tuple(ids), beliefs=beliefs)


def write_counts(table: PromptTable, counts_P: Sequence[int] | np.ndarray, *, stream: TextIO) -> None:
    """Write `id,rollouts` rows."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["id", "rollouts"])
    writer.writerows((identity, int(count)) for identity, count in zip(table.ids, counts_P, strict=True))


def _check_columns(path: Path, row: dict[str, str]) -> None:
    if "id" not in row or not ("success_rate" in row or {"successes", "draws"} <= set(row)):
        raise InputError(
            f"{path}: needs the columns id and success_rate, or id, successes and draws (found: {', '.join(row)})"
        )


def _belief(path: Path, number: int, *, row: dict[str, str]) -> Belief:
    if row.get("success_rate") is not None:
        rate = _number(path, number, column="success_rate", text=row["success_rate"])
        if rate is not None and not 0 <= rate <= 1:
            raise InputError(f"{path}:{number}: success_rate {rate:g} is outside [0, 1]")
        successes, draws = (None, None) if rate is None else (rate * RATE_DRAWS, RATE_DRAWS)
    else:
        successes = _number(path, number, column="successes", text=row["successes"])
        draws = _number(path, number, column="draws", text=row["draws"])
    if not draws or successes is None:
        return Unknown()
    if not 0 <= successes <= draws:
        raise InputError(
            f"{path}:{number}: {successes:g} of {draws:g} is no success rate; give 0 <= successes <= draws"
        )
    return Point(successes=successes, draws=draws)


def _number(path: Path, number: int, *, column: str, text: str | None) -> float | None:
    if text is None or not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise InputError(f"{path}:{number}: {column} is {text!r}; give a finite number or leave it empty for unknown")
    return value
