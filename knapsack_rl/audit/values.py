"""Values of one row of a log, checked: garbage is one line that names the field and the remedy."""

import json
import math
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from knapsack_rl.audit.fields import Found
from knapsack_rl.base.errors import InputError

MOST_STEP = 2**53
NO_LENGTH = -1


class Row(NamedTuple):
    """One rollout."""

    step: int
    prompt: bytes
    """Digest of the prompt's id or text."""
    group: bytes
    """Digest of the group's id; empty without one."""
    reward: float
    """NaN: not known."""
    length: int
    """`NO_LENGTH`: not known."""


def read_row(record: Mapping[str, Any], found: Found, *, place: str, step: int | None) -> Row:
    """The rollout in a record.

    Args:
        record: Fields of the row.
        found: Which are which.
        place: File and row, for messages.
        step: The file's step, where no field has it.

    Raises:
        InputError: A value is missing or of the wrong type.
    """
    for name in (found.step, found.prompt, found.reward):
        if name is not None and name not in record:
            raise InputError(f"{place}: has no field {name!r}, which the rows before it have; every row needs it")
    if found.step is not None:
        step = _step(record[found.step], field=found.step, place=place)
    assert step is not None  # noqa: S101 - the fields were found with it
    prompt = record[found.prompt]
    if prompt is None or prompt == "":
        raise InputError(f"{place}: {found.prompt} is empty; every row needs its prompt")
    group = record.get(found.group) if found.group else None
    return Row(
        step=step,
        prompt=_digest(prompt),
        group=b"" if group is None else _digest(group),
        reward=_reward(record[found.reward], field=found.reward, place=place),
        length=_length(record.get(found.length), unit=found.unit) if found.length else NO_LENGTH,
    )


def _digest(value: object) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()


def _step(value: object, *, field: str, place: str) -> int:
    number = _number(value)
    if number is None or not math.isfinite(number) or number != int(number) or abs(number) > MOST_STEP:
        raise InputError(f"{place}: {field} is {value!r:.40}; a step is a whole number")
    return int(number)


def _reward(value: object, *, field: str, place: str) -> float:
    if value is None or value == "":
        return math.nan
    number = _number(value)
    if number is None or math.isinf(number):
        raise InputError(f"{place}: {field} is {value!r:.40}; a reward is a finite number (name another by --reward)")
    return number


def _number(value: object) -> float | None:
    if isinstance(value, str | int | float):
        try:
            return float(value)
        except (ValueError, OverflowError):
            return None
    return None


def _length(value: object, *, unit: str) -> int:
    """Tokens: a number or a list of them. Characters: of a text, or of the contents of messages."""
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return sum(len(str(message.get("content") or "")) for message in value if isinstance(message, Mapping))
    if isinstance(value, list) or (unit == "characters" and isinstance(value, str)):
        return len(value)
    number = _number(value)
    return NO_LENGTH if number is None or not 0 <= number < MOST_STEP else int(number)
