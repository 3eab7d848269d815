"""Tasks by name."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.tasks.arithmetic import ArithmeticTask
from knapsack_rl.tasks.math import MathTask
from knapsack_rl.tasks.mental import MentalTask
from knapsack_rl.tasks.procedural.task import ReasoningGymTask
from knapsack_rl.tasks.task import Task

_TASKS: dict[str, Callable[..., Task]] = {
    "arithmetic": ArithmeticTask.from_options,
    "math": MathTask.from_options,
    "reasoning_gym": ReasoningGymTask.from_options,
    "mental": MentalTask.from_options,
}


def task_names() -> tuple[str, ...]:
    """Names that `task.name` may take."""
    return tuple(_TASKS)


def check_task(name: str, options: Mapping[str, Any]) -> int | None:
    """Number of training problems, None if it is known only after preparation.

    Raises:
        ConfigError: ``build_task`` would not take these; one line.
    """
    return build_task(name, options, seed=0).num_train


def build_task(name: str, options: Mapping[str, Any], *, seed: int) -> Task:
    """The task of that name.

    Raises:
        ConfigError: unknown name, unknown option or bad value.
    """
    if name not in _TASKS:
        near = get_close_matches(name, _TASKS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(_TASKS)}"
        raise ConfigError(f"task.name: unknown task {name!r}; {hint}")
    return _TASKS[name](options, seed=seed)
