"""What a task needs from outside: libraries, sets of problems, tokenizers. Said once, checked by the preflight."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """An installed package. Example: ``Library(package="datasets", install="pip install datasets")``."""

    package: str
    """Its name as it is installed."""
    install: str
    """Command that installs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnHub:
    """A data set or a model's tokenizer, fetched from the hub unless its cache has it."""

    name: str
    """Of the line in the check: ``problems gsm8k``."""
    kind: Literal["dataset", "model"]
    hub: str
    revision: str
    """Commit."""
    instead: str
    """What to configure where it cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InFile:
    """A file of the user's."""

    name: str
    """Of the line in the check: ``problems gsm8k``."""
    path: str
    instead: str
    """What to do where it is absent."""
    look: Callable[[], None]
    """Looks into the file; raises InputError if it cannot be used."""
    remedy: str
    """What to do then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """All that a task needs; nothing by default."""

    libraries: tuple[Library, ...] = ()
    data: tuple[OnHub | InFile, ...] = ()
    """Where there is any, a study checks it before anything is downloaded or trained."""


def of_extra(package: str, *, extra: str) -> Library:
    """A library that an optional extra of this package installs."""
    return Library(package=package, install=f"pip install -c requirements.lock -e '.[{extra}]'")
