"""Optional extras of this package: which one brings a package that is not installed, in one line.

What an extra holds is read from the metadata of the installed distribution, so pyproject.toml stays the one place.
"""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec

from knapsack_rl.base.errors import KnapsackError

DISTRIBUTION = "knapsack-rl"
_IMPORTED_AS = {"pillow": "PIL"}
"""Distributions whose module has another name; elsewhere dashes become underscores."""


class MissingExtraError(KnapsackError, ModuleNotFoundError):
    """A package of an extra that is not installed."""


def need(*modules: str) -> None:
    """Raise before any work if a module cannot be imported: ``need("pandas", "matplotlib")``.

    Raises:
        MissingExtraError: naming the first that is missing, and the extra that brings it.
    """
    for module in modules:
        if find_spec(module) is None:
            raise explained(ModuleNotFoundError(name=module)) or MissingExtraError(f"{module} is not installed")


def explained(error: ModuleNotFoundError) -> MissingExtraError | None:
    """The line for the user; None for a module of no extra, whose absence is a mistake of ours."""
    module = (error.name or "").partition(".")[0]
    extras = list(dict.fromkeys(extra for extra, provided in _provided() if provided == module))
    if not extras:
        return None
    named = " or ".join(f"`{extra}`" for extra in extras)
    return MissingExtraError(
        f"the package {module!r} is not installed; it comes with the extra {named}:"
        f" pip install -c requirements.lock -e '.[{extras[0]}]'"
    )


def _provided() -> Iterator[tuple[str, str]]:
    """Every extra with the modules it brings, in the order of pyproject.toml."""
    try:
        declared = requires(DISTRIBUTION) or []
    except PackageNotFoundError:  # run from a folder of sources that was never installed
        return
    for requirement in declared:
        extra = re.search(r"extra *== *['\"]([^'\"]+)['\"]", requirement)
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        if extra and name:
            yield extra[1], _IMPORTED_AS.get(name[0].lower(), name[0].lower().replace("-", "_"))
