"""Problem sets on disk and back."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.types import Prompt
from knapsack_rl.records.schemas import BENCHMARKS, OVERLAPS, PROMPTS
from knapsack_rl.records.tables import read_table, table_of, write_table


def write_train_prompts(path: Path, prompts: Sequence[Prompt]) -> None:
    """Write training problems.

    Raises:
        InputError: two problems share an id, or a text.
    """
    ids = [prompt.id for prompt in prompts]
    if len(set(ids)) != len(ids):
        raise InputError(f"{path}: problem ids repeat; beliefs are keyed on them, so make them unique")
    first: dict[str, str] = {}
    for prompt in prompts:
        if (other := first.setdefault(prompt.text, prompt.id)) != prompt.id:
            raise InputError(
                f"{path}: problems {other} and {prompt.id} have one text; its rewards would be split over two beliefs,"
                " so keep one of them"
            )
    write_table(path, table_of([_row(prompt) for prompt in prompts], PROMPTS))


def read_train_prompts(path: Path) -> list[Prompt]:
    """Training problems in file order."""
    return [Prompt(**row) for row in read_table(path, PROMPTS).to_pylist()]


def write_benchmarks(
    path: Path, benchmarks: Mapping[str, Sequence[Prompt]], *, overlaps: Mapping[tuple[str, str], str] | None = None
) -> None:
    """Write all benchmarks into one table, with the level of overlap by (benchmark, problem id) where there is any."""
    known = overlaps or {}
    rows = [
        {"benchmark": name, **_row(prompt), "overlap": known.get((name, prompt.id), "none")}
        for name, prompts in benchmarks.items()
        for prompt in prompts
    ]
    write_table(path, table_of(rows, pa.unify_schemas([BENCHMARKS, OVERLAPS])))


def read_benchmarks(path: Path) -> dict[str, list[Prompt]]:
    """Benchmarks by name, in file order."""
    benchmarks: dict[str, list[Prompt]] = {}
    for row in read_table(path, BENCHMARKS).to_pylist():
        benchmarks.setdefault(row.pop("benchmark"), []).append(Prompt(**row))
    return benchmarks


def read_overlaps(path: Path) -> dict[tuple[str, str], str]:
    """Level of overlap with the training set by (benchmark, problem id): ``exact``, ``words`` or ``none``.

    Empty for a table from before overlaps were looked for.
    """
    if "overlap" not in pq.read_schema(path).names:
        return {}
    return {(row["benchmark"], row["id"]): row["overlap"] for row in read_table(path, OVERLAPS).to_pylist()}


def _row(prompt: Prompt) -> dict[str, str]:
    return {"id": prompt.id, "text": prompt.text, "answer": prompt.answer, "kind": prompt.kind}
