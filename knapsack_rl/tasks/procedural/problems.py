"""Problems of all families: training and benchmarks without a common question, and demonstrations beside them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import Prompt
from knapsack_rl.tasks.procedural.items import Items, ItemSet
from knapsack_rl.tasks.procedural.options import FamilyOptions, ReasoningGymOptions

TRIES = 20
"""Items looked at for each that is wanted, before a set counts as too small."""
SEEDS = 2**31
"""Seeds of sets are below it: numpy takes 32 bits, and the index of an item is added."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An item as a model meets it."""

    index: int
    text: str
    answer: str | None
    """None where the set has no reference answer (several are right)."""


@dataclass(frozen=True, slots=True)
class Problems:
    """Problem sets of a task."""

    train: Sequence[Prompt]
    benchmarks: dict[str, Sequence[Prompt]]


def item_set(family: FamilyOptions, *, seed: int) -> ItemSet:
    """The items that problems of a family are taken from, as many as may be looked at."""
    return _items(family, "problems", seed=seed, size=TRIES * (family.num_train + family.num_benchmark))


def draw_problems(options: ReasoningGymOptions, items: Items, *, seed: int) -> Problems:
    """Problems of all families; within a family benchmark problems come first and training problems follow.

    No text is asked twice, be it in training or on a benchmark, and no two problems share an item of a set.

    Raises:
        ConfigError: a set has too few different problems, or `ask` does not match one.
        InputError: a set fails to make one.
    """
    seen: set[str] = set()
    train: list[Prompt] = []
    benchmarks: dict[str, Sequence[Prompt]] = {}
    for family in options.families:
        prompts = _distinct(family, items, seen=seen, seed=seed)
        if family.num_benchmark:
            benchmarks[family.name] = prompts[: family.num_benchmark]
        train += prompts[family.num_benchmark :]
    return Problems(train, benchmarks)


def further_items(family: FamilyOptions, items: Items, *, wanted: int, seed: int, avoid: set[str]) -> list[Asked]:
    """``wanted`` items for demonstrations, drawn with other seeds than the problems; none asks a text in ``avoid``.

    Raises:
        ConfigError: too few are left.
    """
    source = _items(family, "demonstrations", seed=seed, size=TRIES * wanted)
    found = list(
        islice((one for one in _read(family, items, source=source, wanted=wanted) if one.text not in avoid), wanted)
    )
    if len(found) < wanted:
        raise _too_few(family, len(found), wanted=wanted, what="problems for demonstrations outside the benchmarks")
    return found


def _distinct(family: FamilyOptions, items: Items, *, seen: set[str], seed: int) -> list[Prompt]:
    wanted = family.num_train + family.num_benchmark
    prompts: list[Prompt] = []
    for one in _read(family, items, source=item_set(family, seed=seed), wanted=wanted):
        if one.text not in seen:
            seen.add(one.text)
            identity = f"{family.name}-{one.index:06d}"
            prompts.append(Prompt(id=identity, text=one.text, answer=one.answer or "", kind=family.name))
        if len(prompts) == wanted:
            return prompts
    raise _too_few(family, len(prompts), wanted=wanted, what="different problems")


def _read(family: FamilyOptions, items: Items, *, source: ItemSet, wanted: int) -> Iterator[Asked]:
    """Items in their order: as many as are wanted at once, then a few at a time for those that were left out."""
    start, most = 0, TRIES * wanted
    while start < most:
        indices = range(start, min(most, start + (wanted if start == 0 else max(64, wanted // 8))))
        for index, (question, answer) in zip(indices, items.make(source, indices), strict=True):
            yield Asked(index, _asked(question, family), answer)
        start = indices.stop


def _asked(question: str, family: FamilyOptions) -> str:
    if family.ask is None:
        return question
    found = re.search(family.ask, question, re.DOTALL)
    if found is None:
        raise ConfigError(
            f"task.options.families ({family.name}): ask: {family.ask!r} does not match the question {question[:200]!r}"
        )
    return " ".join(group for group in found.groups() if group is not None)


def _items(family: FamilyOptions, purpose: str, *, seed: int, size: int) -> ItemSet:
    drawn = derive_seed(seed, "reasoning_gym", purpose, family.name) % SEEDS
    return ItemSet.of(family.name, name=family.set, parameters=family.parameters, seed=drawn, size=size)


def _too_few(family: FamilyOptions, found: int, *, wanted: int, what: str) -> ConfigError:
    return ConfigError(
        f"task.options.families ({family.name}): {family.set} with these parameters gave {found} {what} in"
        f" {TRIES * wanted} tries, and {wanted} are wanted; ask for fewer or widen its parameters"
    )
