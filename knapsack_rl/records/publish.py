"""From the journal to the published tables of a run."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from knapsack_rl.base.layout import RunPaths
from knapsack_rl.records.facts import PARTIAL_CREDIT
from knapsack_rl.records.schemas import GROUPS, ROUNDS, SAMPLES, STEPS
from knapsack_rl.records.tables import table_of, write_table


def publish_journal(records: Sequence[dict[str, Any]], paths: RunPaths) -> None:
    """Write the tables of a run: ``steps``; ``groups``, a row per step and prompt; ``rounds``; and ``samples`` if any.

    A record holds the columns of ``STEPS`` and, under ``groups``, ``rounds`` and, where texts were kept, ``samples``,
    rows with the columns of ``GROUPS``, ``ROUNDS`` and ``SAMPLES`` but ``step``.
    """
    write_table(paths.steps, table_of(records, STEPS))
    for name, schema, path in (("groups", _groups_schema(records), paths.groups), ("rounds", ROUNDS, paths.rounds)):
        rows = ({"step": record["step"], **row} for record in records for row in record[name])
        write_table(path, table_of(rows, schema))
    samples = [{"step": record["step"], **row} for record in records for row in record.get("samples", ())]
    if samples:
        write_table(paths.samples, table_of(samples, SAMPLES))


def _groups_schema(records: Sequence[dict[str, Any]]) -> pa.Schema:
    """``GROUPS``; without the column of partial credit where the task gives none."""
    graded = any(PARTIAL_CREDIT in group for record in records for group in record["groups"])
    return GROUPS if graded else GROUPS.remove(GROUPS.get_field_index(PARTIAL_CREDIT))
