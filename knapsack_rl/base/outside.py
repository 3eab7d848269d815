"""Classes of other packages: named as ``module:Class``, or by an entry point that an installed package declares.

A module is looked for where Python looks, PYTHONPATH included, and then in the current folder, so that one file beside
the study is enough. Importing it runs it: whoever writes the study says which code that is.
"""

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, invalidate_caches
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from traceback import extract_tb
from typing import NoReturn

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.suggestion import suggest_and_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a class must be to be chosen.

    Example: ``Contract(base=Strategy, required=("name", "__call__"), group="knapsack_rl.strategies", guide="README")``.
    """

    base: type
    """Protocol or base class; messages name it, and a method must take what its method takes."""
    required: tuple[str, ...]
    """Members that a class brings itself."""
    group: str
    """Entry points of this group name classes of installed packages."""
    guide: str
    """Documentation of how to write one."""
    inherits: bool = True
    """Whether a class must inherit from ``base``."""
    alternative: "Contract | None" = None
    """Another contract that a class may keep instead: the one whose ``base`` it inherits from is asked of it."""

    @property
    def remedy(self) -> str:
        """What a class must define, and where that is explained."""
        *others, last = self.required
        return f"define {' and '.join(filter(None, [', '.join(others), last]))} ({self.guide})"


@cache
def installed(group: str) -> Mapping[str, EntryPoint]:
    """Entry points of a group by name.

    Raises:
        ConfigError: two installed packages use one name.
    """
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=group):
        other = found.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise ConfigError(
                f"entry point {entry.name!r} of {group}: is {other.value} in one installed package and {entry.value} in"
                " another; uninstall one"
            )
    return found


def load_class(spec: str, *, kind: str, contract: Contract) -> type:
    """The class that ``module:Class`` names, held to its contract.

    Args:
        spec: module and class.
        kind: what is chosen, for messages.
        contract: what the class must be.

    Raises:
        ConfigError: no such module or class, a module that fails while it is imported, or a class that breaks the
            contract; one line with the remedy.
    """
    what = f"{kind} {spec!r}"
    module_name, _, class_name = spec.partition(":")
    if module_name.endswith(".py") or "/" in module_name:
        raise ConfigError(f"{what}: name the module as it is imported, {Path(module_name).stem!r}, not its file")
    if not all(part.isidentifier() for part in (*module_name.split("."), *class_name.split("."))):
        raise ConfigError(f"{what}: write module:Class, for example my_module:MyClass")
    found = _import(module_name, what=what)
    for part in class_name.split("."):
        if not hasattr(found, part):
            classes = [name for name, value in vars(found).items() if inspect.isclass(value)]
            raise ConfigError(f"{what}: {_place(found)} has no class {part!r}; {suggest_and_list(part, classes)}")
        found = getattr(found, part)
    _check(found, what=what, contract=contract)
    return found  # type: ignore[return-value]  # the check has seen that it is a class


def _import(name: str, *, what: str) -> object:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # at the end, so that a file here stands in for no installed module
    invalidate_caches()
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            _raise_failed(what, name, error=error)
        raise ConfigError(
            f"{what}: no module {error.name!r}; it is looked for among installed packages, on PYTHONPATH and in the"
            f" current folder, {here}"
        ) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the module's own code raises
        _raise_failed(what, name, error=error)


def _raise_failed(what: str, name: str, *, error: BaseException) -> NoReturn:
    last = extract_tb(error.__traceback__)[-1]
    where = "" if isinstance(error, SyntaxError) else f" ({last.filename}:{last.lineno})"  # it names its place itself
    raise ConfigError(f"{what}: importing {name} fails: {type(error).__name__}: {error}{where}; mend it") from None


def _place(found: object) -> str:
    return f"{getattr(found, '__name__', found)} ({getattr(found, '__file__', 'no file')})"


def _check(found: object, *, what: str, contract: Contract) -> None:
    if contract.alternative and inspect.isclass(found) and contract.alternative.base in found.__mro__:
        contract = contract.alternative
    base, remedy = contract.base, contract.remedy
    if not inspect.isclass(found):
        raise ConfigError(f"{what}: is a {type(found).__name__}, no class; give a class, and {remedy}")
    if contract.inherits and base not in found.__mro__:
        raise ConfigError(f"{what}: does not inherit from {base.__module__}.{base.__name__}; do, and {remedy}")
    for name in contract.required:
        own, declared = getattr(found, name, None), getattr(base, name, None)
        if own is None or own is declared:
            raise ConfigError(f"{what}: has no {name} of its own; {remedy}")
        if inspect.isfunction(declared) and not _takes(own, declared):
            raise ConfigError(f"{what}: {name} must take {inspect.signature(declared)} ({contract.guide})")


def _takes(own: object, declared: object) -> bool:
    """Whether a method can be called as the declared one is."""
    if not callable(own) or not callable(declared):
        return False
    asked = [each for each in inspect.signature(declared).parameters.values() if each.default is each.empty]
    named = [each.name for each in asked if each.kind is each.KEYWORD_ONLY]
    try:
        inspect.signature(own).bind(*[None] * (len(asked) - len(named)), **dict.fromkeys(named))
    except TypeError:
        return False
    return True
