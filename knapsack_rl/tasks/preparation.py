"""What preparing a task's problem sets yields: the sets, what was counted on the way, and what overlaps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from knapsack_rl.base.types import Prompt

OpenTokenizer = Callable[[str, str | None], Callable[[str], int]]
"""From a tokenizer (folder, or hub id with its revision) to a function that counts the tokens of a text."""

TRAIN, BENCHMARK = "train", "benchmark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Problems before and after one step. Example: ``Count(role="train", set="all", step="duplicates", ...)``."""

    role: str
    """``train`` or ``benchmark``."""
    set: str
    """Source or benchmark."""
    step: str
    """What was done, in words."""
    num_before: int
    num_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Problem sets that are ready to be written."""

    train: Sequence[Prompt]
    benchmarks: Mapping[str, Sequence[Prompt]]
    counts: Sequence[Count]
    overlaps: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(benchmark, problem id) -> ``exact`` or ``words`` where the problem overlaps the training set."""


def plain_preparation(train: Sequence[Prompt], benchmarks: Mapping[str, Sequence[Prompt]]) -> Preparation:
    """Sets that need no filter."""
    sizes = [(TRAIN, TRAIN, len(train)), *((BENCHMARK, name, len(prompts)) for name, prompts in benchmarks.items())]
    counts = [
        Count(role=role, set=name, step="problems", num_before=size, num_after=size) for role, name, size in sizes
    ]
    return Preparation(train=train, benchmarks=benchmarks, counts=counts)
