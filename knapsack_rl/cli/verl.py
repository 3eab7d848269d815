"""Commands for runs that verl trains."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.cli.base_folder import base_model
from knapsack_rl.cli.options import DEFAULT_STUDY, ConfigOption, RunOption, StudyOption, read_run

if TYPE_CHECKING:
    from knapsack_rl.config import RunConfig
    from knapsack_rl.integrations.verl.study_run import VerlRun


def verl(
    config: ConfigOption = None,
    study: StudyOption = DEFAULT_STUDY,
    *,
    run: RunOption = None,
    nodes: Annotated[int, typer.Option(min=1, help="Machines of the Ray cluster, each with learner.gpus GPUs.")] = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the launch command; write and start nothing.")
    ] = False,
    read_back: Annotated[bool, typer.Option("--read-back", help="Train nothing; publish what verl has left.")] = False,
) -> None:
    r"""Train one run with verl (Ray, FSDP, vLLM) and publish its records; continues an interrupted one.

    \b
    knapsack-rl verl --study config/paper.yaml --run qwen25_math_7b-knapsack-n8-s0 --dry-run
    """
    from knapsack_rl.integrations.verl.launch import plan_launch
    from knapsack_rl.integrations.verl.read_back import publish

    resolved = read_run(config, study=study, run_id=run)
    if dry_run:
        typer.echo(plan_launch(_verl_run(resolved, checked=False), nodes=nodes).shell())
        return
    if read_back:
        publish(_verl_run(resolved, checked=True), nodes=nodes)
    else:
        train_run(resolved, nodes=nodes)


def train_run(config: "RunConfig", *, nodes: int = 1) -> None:
    """Train a run with verl and publish its records.

    Raises:
        ConfigError: verl is missing or cannot do what the run asks for.
        StateError: verl failed; it has said why.
    """
    from knapsack_rl.integrations.verl.launch import launch
    from knapsack_rl.integrations.verl.read_back import publish

    ready = _verl_run(config, checked=True)
    launch(ready, nodes=nodes)
    publish(ready, nodes=nodes)


def _verl_run(config: "RunConfig", *, checked: bool) -> "VerlRun":
    """The run with its paths; ``checked``: its base model must be there."""
    from knapsack_rl.integrations.verl.study_run import VerlRun

    paths = StudyPaths.of(config.study)
    unchecked = Path(config.model.path) if config.model.path else paths.model(config.base_folder)
    return VerlRun(
        config=config,
        paths=paths.run(config.run_id),
        problems=paths.problems(config.problem_set),
        model_folder=base_model(config, paths) if checked else unchecked,
    )


COMMANDS = {"verl": verl}
