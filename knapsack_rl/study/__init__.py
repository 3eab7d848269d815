"""A study becomes runs. Checks names and options against the registries; may import ``allocation`` and below."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from knapsack_rl.study.expansion import expand, expand_one

__all__ = ["expand", "expand_one"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as PEP 562 has it
    """Import the registries, and with them scipy, when a study is expanded: the command line starts without."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.expansion"), name)
