"""Which problem a row of verl's data set is: beliefs are keyed on it.

verl draws a new uid for a prompt at every step and gives a row without ``extra_info.index`` the index 0, silently. So
an id is made of ``data_source`` and ``extra_info.index``, and the data set is looked through before the first step.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from knapsack_rl.base.errors import InputError

REMEDY = "give every problem an extra_info.index of its own within its data_source"


def prompt_id(data_source: object, index: object) -> str:
    """The id of a problem. Example: ``prompt_id("openai/gsm8k", 7)`` is ``openai/gsm8k/7``."""
    return f"{data_source}/{index}"


def prompt_texts(rows: Iterable[Mapping[str, Any]], *, prompt_key: str = "prompt") -> dict[str, str]:
    """Text of every problem of a data set by id. A problem may stand in it several times.

    Args:
        rows: the columns ``data_source`` and ``extra_info``, and chat messages under ``prompt_key``.
        prompt_key: as ``data.prompt_key``.

    Raises:
        InputError: a row without an index, or one id for two problems; with the number of the row, from 0.
    """
    texts: dict[str, str] = {}
    first: dict[str, int] = {}
    for number, row in enumerate(rows):
        index = (row.get("extra_info") or {}).get("index")
        if index is None:
            raise InputError(
                f"data.train_files: row {number} has no extra_info.index, and beliefs need to know a problem again;"
                f" {REMEDY}"
            )
        name, text = prompt_id(row.get("data_source"), index), message_text(row[prompt_key])
        if texts.setdefault(name, text) != text:
            raise InputError(
                f"data.train_files: rows {first[name]} and {number} are other problems with one data_source and"
                f" extra_info.index ({name}); {REMEDY}"
            )
        first.setdefault(name, number)
    return texts


def message_text(messages: object) -> str:
    """What chat messages say, as one text; pictures and the like by their names."""
    if isinstance(messages, str):
        return messages
    parts: Sequence[object] = messages if isinstance(messages, Sequence) else [messages]
    return "\n".join(str(part.get("content")) if isinstance(part, Mapping) else str(part) for part in parts)
