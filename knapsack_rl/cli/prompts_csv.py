"""Success rates in a CSV file become beliefs; counts go back out as CSV or JSON."""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knapsack_rl.base.arrays import IntArray
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
        InputError: no such file, no rows, a missing column or cell, an empty or repeated id, a rate outside [0, 1],
            successes above draws, text where a number belongs.
    """
    try:
        reader = csv.DictReader(
            io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), strict=True, skipinitialspace=True
        )
        if reader.fieldnames:  # blanks after the commas of the header mean nothing
            reader.fieldnames = [name.strip() for name in reader.fieldnames]
        rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read ({error}); give a CSV file") from None
    if not rows:
        raise InputError(f"{path}: has no rows; give at least one prompt")
    _check_columns(path, reader.fieldnames or ())
    beliefs = tuple(_belief(path, number, row=row) for number, row in enumerate(rows, start=2))
    ids = tuple(row["id"].strip() for row in rows)
    (identity, times), *_ = Counter(ids).most_common(1)
    if times > 1:
        raise InputError(f"{path}: id {identity!r} occurs more than once; give every prompt its own id")
    return PromptTable(ids=ids, beliefs=beliefs)


def counts_text(ids: Sequence[str], counts_P: IntArray, *, form: str) -> str:
    """Counts as text: rows ``id,rollouts`` for form ``csv``, an object of counts by id for ``json``."""
    pairs = list(zip(ids, counts_P.tolist(), strict=True))
    if form == "json":
        return json.dumps(dict(pairs), indent=2) + "\n"
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["id", "rollouts"])
    writer.writerows(pairs)
    return stream.getvalue()


def _check_columns(path: Path, names: Sequence[str]) -> None:
    known = [name for name in ("id", "success_rate", "successes", "draws") if name in names]
    if known not in (["id", "success_rate"], ["id", "successes", "draws"]):
        found = "both" if len(known) > 3 else ", ".join(map(repr, names))  # noqa: PLR2004 - all four
        raise InputError(f"{path}: needs the columns id and success_rate, or id, successes and draws (found: {found})")
    for name in known:
        if names.count(name) > 1:
            raise InputError(f"{path}: column {name!r} occurs more than once; keep one of them")


def _belief(path: Path, number: int, *, row: Mapping[str, str]) -> Belief:
    if None in row or None in row.values():
        raise InputError(f"{path}:{number}: has more or fewer cells than the header; leave unknown cells empty")
    if not row["id"].strip():
        raise InputError(f"{path}:{number}: has no id; give every prompt its own id")
    if "success_rate" in row:
        rate = _number(path, number, column="success_rate", text=row["success_rate"])
        if rate is not None and not 0 <= rate <= 1:
            raise InputError(f"{path}:{number}: success_rate {row['success_rate']} is outside [0, 1]")
        return Unknown() if rate is None else Point(successes=rate * RATE_DRAWS, draws=RATE_DRAWS)
    successes = _number(path, number, column="successes", text=row["successes"])
    draws = _number(path, number, column="draws", text=row["draws"])
    if (successes is None) != (draws is None):
        raise InputError(f"{path}:{number}: successes and draws go together; fill in both or leave both empty")
    if successes is None or draws is None:
        return Unknown()
    if not 0 <= successes <= draws:
        raise InputError(
            f"{path}:{number}: {successes:g} of {draws:g} is no success rate; give 0 <= successes <= draws"
        )
    return Point(successes=successes, draws=draws) if draws else Unknown()


def _number(path: Path, number: int, *, column: str, text: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise InputError(f"{path}:{number}: {column} is {text!r}; give a finite number or leave it empty for unknown")
    return value
