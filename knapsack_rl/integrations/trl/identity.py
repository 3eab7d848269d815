"""Which prompt a row of the data set is: beliefs are keyed on a column of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.integrations.trl.slots import Example

REMEDY = "add one, e.g. dataset.map(lambda row, number: {{{0!r}: str(number)}}, with_indices=True)"


def check_column(names: Sequence[str] | None, column: str, *, removed: bool) -> None:
    """Raise unless the data set has the column and the trainer is shown it.

    Args:
        names: columns of the data set; None where a stream does not know them.
        column: the one that identifies a prompt.
        removed: TRL's ``remove_unused_columns``.

    Raises:
        ConfigError: it has not, or it is removed.
    """
    if removed:
        raise ConfigError(
            f"remove_unused_columns = True drops the column {column!r} that identifies a prompt; leave it"
        )
    if names is not None and column not in names:
        raise ConfigError(
            f"train_dataset has no column {column!r} that identifies a prompt (columns: {', '.join(names)});"
            f" {REMEDY.format(column)}, or name another: id_column"
        )


def check_unique(ids: Iterable[object], column: str) -> None:
    """Raise unless no two rows of the data set have one identity.

    Raises:
        InputError: two have; the line names both.
    """
    seen: dict[str, int] = {}
    for row, given in enumerate(ids):
        first = seen.setdefault(_identity(given, column, row=row), row)
        if first != row:
            raise InputError(
                f"train_dataset: rows {first} and {row} both have {column} = {given!r}, and would share one estimate;"
                " give every prompt its own"
            )


def identities(examples: Sequence[Example], column: str) -> tuple[str, ...]:
    """The identity of every example, as text.

    Raises:
        InputError: an example has none.
    """
    return tuple(_identity(example.get(column), column, row=row) for row, example in enumerate(examples))


def _identity(given: object, column: str, *, row: int) -> str:
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise InputError(f"row {row}: {column} = {given!r} identifies no prompt; use a text or a whole number")
    return str(given)


def prompt_text(prompt: str | Sequence[Mapping[str, Any]]) -> str:
    """What a prompt says: the prompt itself, or the texts of its messages, a line each."""
    if isinstance(prompt, str):
        return prompt
    parts: list[str] = []
    for message in prompt:
        content = message["content"]
        blocks = [{"text": content}] if isinstance(content, str) else content
        parts += [block["text"] for block in blocks if "text" in block]
    return "\n".join(parts)
