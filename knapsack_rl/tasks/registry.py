"""Tasks by name; one of another package is named ``module:Class``, or by an entry point of that package."""

from collections.abc import Mapping
from typing import Any

from knapsack_rl.base.choices import NamedChoices
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.outside import Contract
from knapsack_rl.tasks.arithmetic import ArithmeticTask
from knapsack_rl.tasks.math import MathTask
from knapsack_rl.tasks.mental import MentalTask
from knapsack_rl.tasks.procedural.task import ReasoningGymTask
from knapsack_rl.tasks.task import Task

_CLASSES: tuple[tuple[str, type[Task[Any]]], ...] = (
    ("arithmetic", ArithmeticTask),
    ("math", MathTask),
    ("mental", MentalTask),
    ("reasoning_gym", ReasoningGymTask),
)
TASKS: NamedChoices[Task[Any]] = NamedChoices(
    "task",
    dict(_CLASSES),
    contract=Contract(
        base=Task, required=("preparation", "judge"), group="knapsack_rl.tasks", guide="docs/adding_a_task.md"
    ),
)


def task_names() -> tuple[str, ...]:
    """Names of our tasks, sorted."""
    return TASKS.names()


def check_task(name: str, options: Mapping[str, Any]) -> int | None:
    """Number of training problems, None if it is known only after preparation.

    Raises:
        ConfigError: ``build_task`` would not take these; one line.
    """
    return build_task(name, options, seed=0).num_train


def build_task(name: str, options: Mapping[str, Any], *, seed: int) -> Task[Any]:
    """The task of that name; no problem is made or read yet.

    Args:
        name: one of `task_names`, of an installed package, or ``module:Class``.
        options: the section `task.options`.
        seed: of the problem sets.

    Raises:
        ConfigError: unknown name, a class that is no task, unknown option or bad value.
    """
    try:
        found = TASKS.find(name)
    except ConfigError as error:
        raise ConfigError(f"task.name: {error}") from None
    return found.from_options(options, seed=seed)
