"""Problem sets on disk and back."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.types import Prompt
from knapsack_rl.records.schemas import BENCHMARKS, PROMPTS
from knapsack_rl.records.tables import read_table, table_of, write_table


def write_train_prompts(path: Path, prompts: Sequence[Prompt]) -> None:
    """Write training problems.

    Raises:
        InputError: two problems share an id.
    """
    ids = [prompt.id for prompt in prompts]
    if len(set(ids)) != len(ids):
        raise InputError(f"{path}: problem ids repeat; beliefs are keyed on them, so make them unique")
    write_table(path, table_of([_row(prompt) for prompt in prompts], PROMPTS))


def read_train_prompts(path: Path) -> list[Prompt]:
    """Training problems in file order."""
    return [Prompt(**row) for row in read_table(path, PROMPTS).to_pylist()]


def write_benchmarks(path: Path, benchmarks: Mapping[str, Sequence[Prompt]]) -> None:
    """Write all benchmarks into one table."""
    rows = [{"benchmark": name, **_row(prompt)} for name, prompts in benchmarks.items() for prompt in prompts]
    write_table(path, table_of(rows, BENCHMARKS))


def read_benchmarks(path: Path) -> dict[str, list[Prompt]]:
    """Benchmarks by name, in file order."""
    benchmarks: dict[str, list[Prompt]] = {}
    for row in read_table(path, BENCHMARKS).to_pylist():
        benchmarks.setdefault(row.pop("benchmark"), []).append(Prompt(**row))
    return benchmarks


def _row(prompt: Prompt) -> dict[str, str]:
    return {"id": prompt.id, "text": prompt.text, "answer": prompt.answer, "kind": prompt.kind}
