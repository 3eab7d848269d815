"""From a row of any data set to a problem of ours: one schema, stable ids."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.seeding import derive_seed, digest
from knapsack_rl.base.types import Prompt
from knapsack_rl.tasks.problems.sources import Source
from knapsack_rl.tasks.templates import PLACE, TEMPLATES

LETTERS = "ABCD"
_DAPO_BEFORE, _DAPO_AFTER = TEMPLATES["dapo"].user.split(PLACE)


def problems(rows: Iterable[Mapping[str, Any]], source: Source, *, name: str, seed: int) -> Iterator[Prompt]:
    """Every row as a problem of kind ``name``; rows without a problem or answer are left out.

    Ids are ``<name>-<digest of the problem>``: the same whatever the file, its order or its other rows; a repeated
    problem gets a number behind its id.

    Raises:
        InputError: a column is missing.
    """
    seen: Counter[str] = Counter()
    for row in rows:
        text, answer = _read(row, source, name=name, seed=seed)
        if text and answer:
            key = digest(text, length=12)
            seen[key] += 1
            suffix = f"-{seen[key]}" if seen[key] > 1 else ""
            yield Prompt(id=f"{name}-{key}{suffix}", text=text, answer=answer, kind=name)


def _read(row: Mapping[str, Any], source: Source, *, name: str, seed: int) -> tuple[str, str]:
    text = _unwrap(str(_column(row, source.problem, plain="problem", name=name) or "")).strip()
    answer = _column(row, source.answer, plain="answer", name=name)
    if source.wrong_choices:
        wrong = [str(_column(row, column, plain=column, name=name)).strip() for column in source.wrong_choices]
        return _multiple_choice(text, str(answer).strip(), wrong=wrong, seed=seed)
    return text, source.read_answer(str("" if answer is None else answer))


def _multiple_choice(text: str, right: str, *, wrong: list[str], seed: int) -> tuple[str, str]:
    """The question with lettered choices, in an order that derives from the seed and the question."""
    order = np.random.default_rng(derive_seed(seed, "choices", text)).permutation(1 + len(wrong))
    choices = [(right, *wrong)[int(index)] for index in order]
    lines = "\n".join(f"{letter}) {choice}" for letter, choice in zip(LETTERS, choices, strict=True))
    return f"{text}\n\n{lines}\n\nAnswer with the letter of the right choice.", LETTERS[list(order).index(0)]


def _unwrap(text: str) -> str:
    """The problem inside DAPO's own wording, which comes back with the template ``dapo``."""
    return text.removeprefix(_DAPO_BEFORE).removesuffix(_DAPO_AFTER)


def _column(row: Mapping[str, Any], path: str, *, plain: str, name: str) -> Any:  # noqa: ANN401 - any column type
    value: Any = row
    for part in path.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError, ValueError):
            if row.get(plain) is None:
                wanted = " or ".join(repr(column) for column in dict.fromkeys((path, plain)))
                raise InputError(
                    f"{name}: a row has no column {wanted} (found: {', '.join(row)}); give `columns`"
                ) from None
            return row[plain]
    return value
