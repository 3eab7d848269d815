"""Names with options: a table of dataclasses whose init fields are what a configuration may set."""

import dataclasses
import difflib
import math
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar, get_origin, get_type_hints

from knapsack_rl.base.errors import ConfigError

T = TypeVar("T")

_WORDS: dict[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    str: "a text",
    Mapping: "a mapping",
}


class NamedChoices(Generic[T]):
    """Builds one of several dataclasses from its name and a mapping of options, as read from a configuration file."""

    def __init__(self, kind: str, choices: Mapping[str, type[T]]) -> None:
        """Make the table.

        Args:
            kind: What is being chosen, for messages, e.g. ``"strategy"``.
            choices: Dataclasses by name.
        """
        self._kind = kind
        self._choices = dict(choices)

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted(self._choices))

    def build(self, name: str, options: Mapping[str, Any] | None = None) -> T:
        """The named object.

        Raises:
            ConfigError: Unknown name or option, or a value of the wrong type or range; one line with the remedy.
        """
        if name not in self._choices:
            raise ConfigError(f"unknown {self._kind} {name!r}{_hint(name, self._choices)}")
        choice = self._choices[name]
        if not isinstance(options, Mapping | None):
            raise ConfigError(f"{self._kind} {name!r}: options = {reprlib.repr(options)} must map names to values")
        given = dict(options or {})
        known = _option_types(choice)
        for option, value in given.items():
            if option not in known:
                raise ConfigError(
                    f"{self._kind} {name!r} has no option {option!r} (= {reprlib.repr(value)}){_hint(option, known)}"
                )
            _check_type(f"{self._kind} {name!r}: option {option}", value, wanted=known[option])
        return choice(**given)


def _option_types(choice: type) -> dict[str, Any]:
    hints = get_type_hints(choice)
    return {field.name: hints[field.name] for field in dataclasses.fields(choice) if field.init}


def _hint(name: object, known: Iterable[str]) -> str:
    names = sorted(known)
    if not names:
        return "; it takes none"
    near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    return (f"; did you mean {near[0]!r}?" if near else ";") + f" known: {', '.join(names)}"


def _check_type(what: str, value: object, *, wanted: Any) -> None:  # noqa: ANN401 - an annotation, whatever its form
    kind = get_origin(wanted) or wanted
    if kind is bool or isinstance(value, bool):
        fits = kind is bool and isinstance(value, bool)
    elif kind is float:
        fits = isinstance(value, int | float) and math.isfinite(value)
    else:
        fits = isinstance(value, kind)
    if not fits:
        raise ConfigError(f"{what} = {reprlib.repr(value)} must be {_WORDS.get(kind, str(kind))}")
