"""The files of a log, and their rows as mappings: parquet, JSON lines and CSV, the last two plain or compressed."""

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from knapsack_rl.base.errors import InputError

ROWS_AT_ONCE = 2048
MOST_CHARACTERS = 2**31 - 1
"""Longest cell of a CSV file."""
MIB = 2**20

Record = tuple[int, dict[str, Any]]
"""Number of the row, from 1, and its fields."""


def find_files(logs: Sequence[Path]) -> list[Path]:
    """Files of the logs in the order of their numbers; of a folder all that can be read, also in folders below.

    Raises:
        InputError: A path does not exist, or holds nothing that can be read.
    """
    found: list[Path] = []
    for log in logs:
        if log.is_dir():
            inside = [path for path in log.rglob("*") if path.is_file() and kind_of(path)]
            if not inside:
                raise InputError(f"{log}: holds no log; a log is made of files that end in {_endings()}")
            found += sorted(inside, key=lambda path: _by_number(path.relative_to(log)))
        elif not log.is_file():
            raise InputError(f"{log}: no such file or folder; give a rollout log")
        elif not kind_of(log):
            raise InputError(f"{log}: is no kind of log that is known; it should end in {_endings()}")
        else:
            found.append(log)
    return found


def kind_of(path: Path) -> str:
    """``parquet``, ``jsonl`` or ``csv`` by the ending of the name; empty for others."""
    name = path.name.lower().removesuffix(".gz")
    return next((kind for ending, kind in _KINDS.items() if name.endswith(ending)), "")


def step_in_name(path: Path) -> int | None:
    """The last number in a file's name, which is a step where the rows have none: ``120.jsonl``."""
    numbers = re.findall(r"\d+", path.name.split(".")[0])
    return int(numbers[-1]) if numbers and len(numbers[-1]) < 16 else None  # noqa: PLR2004 - fits any integer


def read_records(
    path: Path, choose: Callable[[list[str]], Sequence[str]], *, at: Callable[[int], None]
) -> Iterator[Record]:
    """The rows of a file, in order.

    Args:
        path: File.
        choose: Given the file's fields, which of them to read; the fields of JSON lines are those of the first.
        at: Called now and then with the bytes that have been read.

    Raises:
        InputError: It cannot be read, or a row is garbage; one line with file and row.
    """
    try:
        if kind_of(path) == "parquet":
            yield from _parquet(path, choose, at=at)
            return
        with path.open("rb") as raw:
            stream = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if path.name.lower().endswith(".gz") else raw
            reader = _json_lines if kind_of(path) == "jsonl" else _csv
            for number, record in reader(path, stream, choose=choose):
                if number % ROWS_AT_ONCE == 0:
                    at(raw.tell())
                yield number, record
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); give a whole file, in UTF-8 if it is text") from None


def _parquet(
    path: Path, choose: Callable[[list[str]], Sequence[str]], *, at: Callable[[int], None]
) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = list(choose(list(file.schema_arrow.names)))
            size, number = path.stat().st_size, 0
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=names):
                columns = [batch.column(name).to_pylist() for name in names]
                for row in zip(*columns, strict=True):
                    number += 1
                    yield number, dict(zip(names, row, strict=True))
                at(size * number // max(file.metadata.num_rows, 1))
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is no parquet file ({error}); write it again") from None


def _json_lines(path: Path, stream: IO[bytes], *, choose: Callable[[list[str]], Sequence[str]]) -> Iterator[Record]:
    chosen = False
    for number, line in enumerate(stream, start=1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"{path}:{number}: is no JSON ({error}); delete the line if a run was killed while writing it"
            ) from None
        if not isinstance(record, dict):
            raise InputError(f"{path}:{number}: is a {type(record).__name__}; every line is an object, one per rollout")
        if not chosen:
            choose(list(record))
            chosen = True
        yield number, record


def _csv(path: Path, stream: IO[bytes], *, choose: Callable[[list[str]], Sequence[str]]) -> Iterator[Record]:
    csv.field_size_limit(MOST_CHARACTERS)
    reader = csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        choose(header)
        for number, row in enumerate(reader, start=2):
            if not row:
                continue
            if len(row) != len(header):
                raise InputError(f"{path}:{number}: has {len(row)} cells and the header {len(header)}; mend the row")
            yield number, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num}: is no CSV ({error}); mend the row") from None


_KINDS = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv"}


def _endings() -> str:
    return ", ".join((*_KINDS, *(f"{ending}.gz" for ending, kind in _KINDS.items() if kind != "parquet")))


def _by_number(path: Path) -> list[tuple[int, int, str]]:
    """Sort key by which ``9.jsonl`` comes before ``10.jsonl``."""
    parts = re.split(r"(\d+)", str(path))
    return [(1, int(part), "") if part.isdigit() and part.isascii() else (0, 0, part) for part in parts]
