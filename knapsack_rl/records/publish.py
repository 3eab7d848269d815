"""From the journal to the published tables of a run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from knapsack_rl.records.schemas import GROUPS, STEPS
from knapsack_rl.records.tables import table_of, write_table


def publish_journal(records: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write ``steps.parquet`` (one row per step) and ``groups.parquet`` (one per step and prompt) into ``folder``.

    A record holds the columns of ``STEPS`` and, under ``groups``, rows with the columns of ``GROUPS`` but ``step``.
    """
    write_table(folder / "steps.parquet", table_of(records, STEPS))
    groups = ({"step": record["step"], **group} for record in records for group in record["groups"])
    write_table(folder / "groups.parquet", table_of(groups, GROUPS))
