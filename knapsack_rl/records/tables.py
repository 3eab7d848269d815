"""Parquet tables in and out, checked against their declared schema."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from knapsack_rl.base.errors import InputError
from knapsack_rl.records.atomic import written_whole
from knapsack_rl.records.writers import command_for


def table_of(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Table of ``rows`` in the declared column order; a row without a declared column is our bug and raises.

    A nullable column may be absent: rows of a run begun before the column existed have none.
    """
    rows = list(rows)
    columns = {
        field.name: [row.get(field.name) if field.nullable else row[field.name] for row in rows] for field in schema
    }
    return pa.Table.from_pydict(columns, schema=schema)


def write_table(path: Path, table: pa.Table) -> None:
    """Write a parquet file atomically."""
    with table_writer(path, table.schema) as writer:
        writer.write_table(table)


@contextmanager
def table_writer(
    path: Path, schema: pa.Schema, *, compression: Literal["zstd", "lz4"] = "zstd"
) -> Iterator[pq.ParquetWriter]:
    """Write a parquet file a table at a time; it appears, whole, when the block ends well.

    Args:
        path: the file.
        schema: of every table.
        compression: ``lz4`` for what is read more often than kept: larger by a tenth, faster to read by a third.
    """
    with written_whole(path) as temporary, pq.ParquetWriter(temporary, schema, compression=compression) as writer:
        yield writer


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a parquet file that must have every column of ``schema``; a nullable one may be absent, and is then null.

    Text is read as categories where the schema has a dictionary, which takes a fraction of the memory.

    Raises:
        InputError: missing, unreadable, or a column is missing or of another type.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; write it first with: {command_for(path)}")
    categories = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    try:
        found = pq.read_schema(path).names
        wanted = [name for name in schema.names if name in found]
        table = pq.read_table(path, columns=wanted, read_dictionary=categories)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: is not a readable parquet file ({error}); delete it and write it again") from None
    absent = [field for field in schema if field.name not in table.column_names]
    for field in absent:
        if field.nullable:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    missing = [field.name for field in absent if not field.nullable]
    if missing:
        raise InputError(
            f"{path}: column {missing[0]!r} is missing (found: {', '.join(found)});"
            " it was written by another version; delete it and write it again"
        )
    columns = [_as_declared(table[field.name], field, path=path) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _as_declared(column: pa.ChunkedArray, field: pa.Field, *, path: Path) -> pa.ChunkedArray:
    wrong = "empty values" if column.null_count and not field.nullable else ""
    try:
        column = column.cast(field.type)
    except (pa.ArrowException, ValueError):
        wrong = f"{column.type} instead of {field.type}"
    if wrong:
        raise InputError(f"{path}: column {field.name!r} has {wrong}; delete the file and write it again")
    return column
