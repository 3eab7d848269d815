"""Names with options: a table of dataclasses whose fields are what a configuration may set."""

import dataclasses
import math
import reprlib
from collections.abc import Mapping
from typing import Any, Generic, TypeVar, cast, get_origin, get_type_hints

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.outside import Contract, installed, load_class
from knapsack_rl.base.suggestion import suggest_and_list

T = TypeVar("T")

NO_OPTION = {"option": False}
"""Metadata of a field that whoever builds the object fills in, and no configuration may set."""

_WORDS: dict[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    str: "a text",
    Mapping: "a mapping",
}


class NamedChoices(Generic[T]):
    """Classes by name, as configuration files write it: ours, those of installed packages, and ``module:Class``."""

    def __init__(self, kind: str, choices: Mapping[str, type[T]], *, contract: Contract) -> None:
        """Make the table.

        Args:
            kind: What is being chosen, for messages, e.g. ``"strategy"``.
            choices: Our classes by name; no other package can take one of these names.
            contract: What classes of other packages must be.
        """
        self._kind = kind
        self._choices = dict(choices)
        self._contract = contract

    def names(self) -> tuple[str, ...]:
        """All names of ours, sorted."""
        return tuple(sorted(self._choices))

    def names_outside(self) -> tuple[str, ...]:
        """Names that installed packages add, sorted."""
        return tuple(sorted(set(installed(self._contract.group)) - set(self._choices)))

    def origin(self, name: str) -> str:
        """Module and class behind a name that an installed package adds."""
        return installed(self._contract.group)[name].value

    def find(self, name: str) -> type[T]:
        """The class of that name.

        Raises:
            ConfigError: No such name, or a class of another package that cannot be used; one line with the remedy.
        """
        if name in self._choices:
            return self._choices[name]
        if isinstance(name, str) and ":" in name:
            return cast("type[T]", load_class(name, kind=self._kind, contract=self._contract))
        if entry := installed(self._contract.group).get(name):
            spec = f"{entry.module}:{entry.attr}"
            return cast("type[T]", load_class(spec, kind=self._kind, contract=self._contract))
        known = (*self.names(), *self.names_outside())
        raise ConfigError(f"unknown {self._kind} {name!r}; {suggest_and_list(name, known)}, or module:Class")

    def build(self, name: str, options: Mapping[str, Any] | None = None) -> T:
        """The named object.

        Raises:
            ConfigError: Unknown name or option, or a value of the wrong type or range; one line with the remedy.
        """
        choice = self.find(name)
        return choice(**self.check_options(name, choice, options=options))

    def check_options(self, name: str, choice: type[T], *, options: Mapping[str, Any] | None) -> dict[str, Any]:
        """Options that are fields of the class, with values of the right type; ranges are checked by the class.

        Raises:
            ConfigError: An option that the class does not have, or a value of the wrong type.
        """
        what = f"{self._kind} {name!r}"
        if not isinstance(options, Mapping | None):
            raise ConfigError(f"{what}: options = {reprlib.repr(options)} must map names to values")
        given, known = dict(options or {}), _option_types(choice, what=what)
        for option, value in given.items():
            if option not in known:
                none = "it takes none" if dataclasses.is_dataclass(choice) else "it is no dataclass, so it takes none"
                hint = suggest_and_list(option, sorted(known)) if known else none
                raise ConfigError(f"{what} has no option {option!r} (= {reprlib.repr(value)}); {hint}")
            _check_type(f"{what}: option {option}", value, wanted=known[option])
        return given


def option_names(choice: type) -> tuple[str, ...]:
    """Fields of a dataclass that a configuration may set; none of a class that is no dataclass."""
    if not dataclasses.is_dataclass(choice):
        return ()
    return tuple(each.name for each in dataclasses.fields(choice) if each.init and each.metadata.get("option", True))


def _option_types(choice: type, *, what: str) -> dict[str, Any]:
    names = option_names(choice)
    try:
        hints = get_type_hints(choice) if names else {}
    except (NameError, TypeError) as error:
        raise ConfigError(f"{what}: the types of its options cannot be read ({error}); import what they name") from None
    return {name: hints[name] for name in names}


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
