"""Parquet tables in and out, checked against their declared schema."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from knapsack_rl.base.errors import InputError
from knapsack_rl.records.atomic import ensure_writable


def table_of(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Table of ``rows`` in the declared column order; a row without a declared column is our bug and raises."""
    rows = list(rows)
    columns = {field.name: [row[field.name] for row in rows] for field in schema}
    return pa.Table.from_pydict(columns, schema=schema)


def write_table(path: Path, table: pa.Table) -> None:
    """Write a parquet file atomically."""
    ensure_writable(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        pq.write_table(table, temporary, compression="zstd")
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a parquet file that must have every column of ``schema``.

    Raises:
        InputError: missing, unreadable, or a column is missing or of another type.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; run the step that writes it first")
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path}: is not a readable parquet file ({error}); delete it and write it again") from None
    missing = [name for name in schema.names if name not in table.column_names]
    if missing:
        raise InputError(f"{path}: column {missing[0]!r} is missing (found: {', '.join(table.column_names)})")
    try:
        return table.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, ValueError) as error:
        raise InputError(f"{path}: a column has the wrong type or an empty value: {error}") from None
