"""The command that lists what can be named in a configuration."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from knapsack_rl.base.errors import ConfigError

if TYPE_CHECKING:
    from knapsack_rl.base.choices import NamedChoices

Line = tuple[str, str]


def methods() -> None:
    """List every strategy, belief, value function and advantage with its source, then tasks, figures and tables.

    Those of installed packages are marked; any other class is named module:Class.
    """
    from knapsack_rl.analysis.catalogue import FIGURE_NAMES, TABLE_NAMES

    sections = {
        "strategies": _strategies(),
        "beliefs": _beliefs(),
        "value functions": _values(),
        "advantages": _advantages(),
    }
    width = max(len(name) for lines in sections.values() for name, _ in lines)
    for title, lines in sections.items():
        typer.echo(f"{title}:")
        for name, text in lines:
            typer.echo(f"  {name:<{width}}  {text}")
    others = (("tasks", _tasks()), ("graders", _graders()), ("figures", FIGURE_NAMES), ("tables", TABLE_NAMES))
    for title, names in others:
        typer.echo(f"{title}: {', '.join(names)}")


def _strategies() -> list[Line]:
    from knapsack_rl.allocation import build_method, default_belief
    from knapsack_rl.allocation.registry import METHODS

    return _listed(METHODS, lambda name: f"{build_method(name).source}; reads {default_belief(name)}")


def _beliefs() -> list[Line]:
    from knapsack_rl.beliefs import build_tracker
    from knapsack_rl.beliefs.registry import TRACKERS

    return _listed(TRACKERS, lambda name: build_tracker(name).source)


def _values() -> list[Line]:
    from knapsack_rl.allocation import VALUES, value_names

    return [(name, f"{VALUES[name].formula}; {VALUES[name].source}") for name in value_names()]


def _advantages() -> list[Line]:
    from knapsack_rl.grpo import ADVANTAGES

    return [(name, f"{rule.formula}; {rule.source}") for name, rule in ADVANTAGES.items()]


def _tasks() -> tuple[str, ...]:
    from knapsack_rl.tasks.registry import TASKS

    return TASKS.names() + TASKS.names_outside()


def _graders() -> tuple[str, ...]:
    from knapsack_rl.tasks.grading.registry import GRADERS

    return GRADERS.names() + GRADERS.names_outside()


def _listed(choices: "NamedChoices[Any]", describe: Callable[[str], str]) -> list[Line]:
    """Ours, then those of installed packages; one that cannot be used says why."""
    lines = [(name, describe(name)) for name in choices.names()]
    for name in choices.names_outside():
        try:
            lines.append((name, f"{describe(name)} ({choices.origin(name)})"))
        except ConfigError as error:
            lines.append((name, f"cannot be used: {error}"))
    return lines


COMMANDS = {"methods": methods}
