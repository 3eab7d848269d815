"""Numbers of the run `summary`: what each arm gained over its baseline, from the table of differences."""

import csv
import time
from collections.abc import Iterator
from pathlib import Path

from knapsack_rl.tracking.metrics import Point

TABLE = "differences.csv"
TOLD = ("ratio_rollouts", "ratio_prompts", "accuracy/average")
"""Metrics of that table that the summary has."""
ENDS = {"difference": "", "ci_low": "/ci_low", "ci_high": "/ci_high"}


def summary_points(tables: Path) -> Iterator[Point]:
    """``difference/tiny-n8/knapsack/ratio_rollouts`` and the ends of its interval; nothing without the table.

    Args:
        tables: folder of the study's result tables.
    """
    path = tables / TABLE
    if not path.is_file():
        return
    now_ms = round(1000 * time.time())
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row.get("metric") in TOLD:
                name = f"difference/{row['model']}-n{row['budget']}/{row['arm']}/{row['metric']}"
                for column, end in ENDS.items():
                    if row[column]:
                        yield Point(name=_plain(name + end), value=float(row[column]), step=0, time_ms=now_ms)


def _plain(name: str) -> str:
    """A name with letters that MLflow takes; a model's label may have others."""
    return "".join(letter if letter.isalnum() or letter in "/_-. " else "_" for letter in name)
