"""What pydantic has to say about a mapping that a user wrote, in one line."""

from collections.abc import Callable, Sequence
from reprlib import Repr
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

SHOWN = 200
"""Characters of a value that a message shows."""
_BRIEFLY = Repr()  # leaves out what is deep or long
_BRIEFLY.maxstring = _BRIEFLY.maxother = _BRIEFLY.maxlong = 80


def describe(
    error: "ValidationError",
    *,
    unknown_key: Callable[[Sequence[str]], str],
    missing_key: Callable[[Sequence[str]], str],
    within: Sequence[str] = (),
) -> str:
    """First failure as ``key: what is wrong (value ...); remedy``, with a count of the others.

    Unknown keys come first: a misspelt one is the reason why a required one is missing.

    Args:
        error: of the mapping as a whole.
        unknown_key: the remedy for a key that does not exist, by its place in the mapping.
        missing_key: the remedy for a key that is required and absent, by its place.
        within: where the mapping itself stands, ``("task", "options")``.
    """
    details = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    first = _describe_one(details[0], unknown_key=unknown_key, missing_key=missing_key, within=within)
    return first if len(details) == 1 else f"{first} (and {len(details) - 1} more)"


def _describe_one(
    detail: "ErrorDetails",
    *,
    unknown_key: Callable[[Sequence[str]], str],
    missing_key: Callable[[Sequence[str]], str],
    within: Sequence[str],
) -> str:
    place = [str(part) for part in detail["loc"]]
    key = ".".join([*within, *place])
    if detail["type"] == "extra_forbidden":
        return f"{key}: unknown key (value {shown(detail['input'])}); {unknown_key(place)}"
    if detail["type"] == "missing":
        return f"{key}: required key is missing; {missing_key(place)}"
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "value_error":
        return f"{key}: {message}" if key else message
    return f"{key}: {message[0].lower()}{message[1:]} (value {shown(detail['input'])})"


def shown(value: object) -> str:
    """A value as a line can hold it."""
    text = _BRIEFLY.repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
