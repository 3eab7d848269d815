"""From a row of any data set to a problem of ours: one schema, stable ids."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.seeding import derive_seed, digest
from knapsack_rl.base.types import Prompt
from knapsack_rl.tasks.problems.answers import first_of_list, is_code
from knapsack_rl.tasks.problems.sources import Source
from knapsack_rl.tasks.templates import PLACE, TEMPLATES

LETTERS = "ABCD"
EXACT = 2**53
"""From here on a float does not say which whole number was meant."""
SHOWN = 60
_DAPO_BEFORE, _DAPO_AFTER = TEMPLATES["dapo"].user.split(PLACE)


def problems(rows: Iterable[Mapping[str, Any]], source: Source, *, name: str, seed: int) -> Iterator[Prompt]:
    """Every row as a problem of kind ``name``; rows without a problem or answer are left out.

    Ids are ``<name>-<digest of the problem>``: the same whatever the file, its order or its other rows; a repeated
    problem gets a number behind its id.

    Raises:
        InputError: a column is missing, or holds neither text nor a number.
    """
    seen: Counter[str] = Counter()
    for number, row in enumerate(rows, start=1):
        text, answer = _read(row, source, name=f"{name}: row {number}", seed=seed)
        if text and answer:
            key = digest(text, length=12)
            seen[key] += 1
            suffix = f"-{seen[key]}" if seen[key] > 1 else ""
            yield Prompt(id=f"{name}-{key}{suffix}", text=text, answer=answer, kind=name)


def _read(row: Mapping[str, Any], source: Source, *, name: str, seed: int) -> tuple[str, str]:
    problem = _column(row, source.problem, plain="problem" if source.plain else None, name=name)
    text = _unwrap(_text(problem, source.problem, key="problem", name=name)).strip()
    answer = _column(row, source.answer, plain="answer" if source.plain else None, name=name)
    if isinstance(answer, list) and source.read_answer is first_of_list:
        answer = str(answer)
    if source.wrong_choices:
        wrong = [
            _text(_column(row, column, plain=None, name=name), column, key=column, name=name).strip()
            for column in source.wrong_choices
        ]
        return _multiple_choice(
            text, _text(answer, source.answer, key="answer", name=name).strip(), wrong=wrong, seed=seed
        )
    final = source.read_answer(_text(answer, source.answer, key="answer", name=name))
    if is_code(final):
        raise InputError(
            f"{name}: answer is {_shown(final)}, a list or object as text; give the answer that is inside it"
        )
    return text, final


def _text(value: object, column: str, *, key: str, name: str) -> str:
    """Text as it is, a number as it is written; a list or an object would become a text that no answer ever equals."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}"
    if isinstance(value, float) and abs(value) < EXACT:
        return str(int(value)) if value.is_integer() else _decimal(value)
    inside = "0" if isinstance(value, list) else next(iter(value), "<key>") if isinstance(value, dict) else ""
    remedy = f"name what is inside it, e.g. columns: {{{key}: {column}.{inside}}}" if inside else "give it as text"
    raise InputError(f"{name}: {column} is {_shown(value)}, a {type(value).__name__}; {remedy}")


def _decimal(value: float) -> str:
    """As few digits as name the number; a column of 32 bits gives 0.1 as 0.10000000149011612."""
    short = np.float32(value)
    return str(short if float(short) == value else value)


def _shown(value: object) -> str:
    return repr(value) if len(repr(value)) <= SHOWN else f"{repr(value)[:SHOWN]}..."


def _multiple_choice(text: str, right: str, *, wrong: list[str], seed: int) -> tuple[str, str]:
    """The question with lettered choices, in an order that derives from the seed and the question."""
    order = np.random.default_rng(derive_seed(seed, "choices", text)).permutation(1 + len(wrong))
    choices = [(right, *wrong)[int(index)] for index in order]
    lines = "\n".join(f"{letter}) {choice}" for letter, choice in zip(LETTERS, choices, strict=True))
    return f"{text}\n\n{lines}\n\nAnswer with the letter of the right choice.", LETTERS[list(order).index(0)]


def _unwrap(text: str) -> str:
    """The problem inside DAPO's own wording, which comes back with the template ``dapo``."""
    return text.removeprefix(_DAPO_BEFORE).removesuffix(_DAPO_AFTER)


def _column(row: Mapping[str, Any], path: str, *, plain: str | None, name: str) -> Any:  # noqa: ANN401 - any type
    value: Any = row
    for part in path.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError, ValueError):
            if plain is None or row.get(plain) is None:
                wanted = " or ".join(repr(column) for column in dict.fromkeys((path, plain)) if column)
                raise InputError(f"{name} has no column {wanted} (found: {', '.join(row)}); give `columns`") from None
            return row[plain]
    return value
