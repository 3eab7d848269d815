"""Graders by name."""

from collections.abc import Callable
from difflib import get_close_matches

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.tasks.grading.bare_number import BareNumberGrader
from knapsack_rl.tasks.grading.boxed import BoxedGrader
from knapsack_rl.tasks.grading.dapo import DapoGrader
from knapsack_rl.tasks.grading.grade import Grader

_GRADERS: dict[str, Callable[[], Grader]] = {"boxed": BoxedGrader, "dapo": DapoGrader, "number": BareNumberGrader}


def grader_names() -> tuple[str, ...]:
    """Names that ``build_grader`` takes."""
    return tuple(_GRADERS)


def build_grader(name: str) -> Grader:
    """The grader of that name; it starts its processes on first need.

    Raises:
        ConfigError: unknown name.
    """
    if name not in _GRADERS:
        near = get_close_matches(name, _GRADERS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(_GRADERS)}"
        raise ConfigError(f"unknown grader {name!r}; {hint}")
    return _GRADERS[name]()
