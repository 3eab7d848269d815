"""The command that lists what can be named in a configuration."""

import typer

Line = tuple[str, str]


def methods() -> None:
    """List every strategy, belief, value function and advantage with its source, then tasks, figures and tables."""
    from knapsack_rl.analysis.catalogue import FIGURE_NAMES, TABLE_NAMES
    from knapsack_rl.tasks import task_names

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
    for title, names in (("tasks", task_names()), ("figures", FIGURE_NAMES), ("tables", TABLE_NAMES)):
        typer.echo(f"{title}: {', '.join(names)}")


def _strategies() -> list[Line]:
    from knapsack_rl.allocation import build_method, default_belief, method_names

    return [(name, f"{build_method(name).source}; reads {default_belief(name)}") for name in method_names()]


def _beliefs() -> list[Line]:
    from knapsack_rl.beliefs import build_tracker, tracker_names

    return [(name, build_tracker(name).source) for name in tracker_names()]


def _values() -> list[Line]:
    from knapsack_rl.allocation import VALUES, value_names

    return [(name, f"{VALUES[name].formula}; {VALUES[name].source}") for name in value_names()]


def _advantages() -> list[Line]:
    from knapsack_rl.grpo import ADVANTAGES

    return [(name, f"{rule.formula}; {rule.source}") for name, rule in ADVANTAGES.items()]


COMMANDS = {"methods": methods}
