"""Commands that compute: problem sets, base models, training, evaluation."""

import os
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.cli.options import DEFAULT_STUDY, StudyOption, read_json, read_run
from knapsack_rl.config import BuildConfig, RunConfig, TaskConfig
from knapsack_rl.config.load import describe

SectionT = TypeVar("SectionT", TaskConfig, BuildConfig)
ConfigOption = Annotated[str | None, typer.Option("--config", help="Resolved run config, JSON text or file.")]
RunOption = Annotated[str | None, typer.Option("--run", help="Run id, with --study.")]
TaskOption = Annotated[str, typer.Option("--task", help="Section `task` of a study as JSON.")]


def prepare(
    task: TaskOption,
    train_prompts: Annotated[Path, typer.Option(help="Training problems to write (parquet).")],
    *,
    benchmarks: Annotated[Path, typer.Option(help="Held-out problems to write (parquet).")],
) -> None:
    """Write a task's training problems and benchmarks."""
    from knapsack_rl.prepare import prepare as run

    run(_section(TaskConfig, task, source="--task"), train_prompts=train_prompts, benchmarks=benchmarks)


def pretrain(
    task: TaskOption,
    build: Annotated[str, typer.Option(help="Section `build` of a model as JSON.")],
    *,
    output: Annotated[Path, typer.Option(help="Model folder to write.")],
) -> None:
    """Build a small base model and pre-train it on the task's demonstrations."""
    _use_job_threads()
    from knapsack_rl.pretrain import pretrain as run

    run(_section(TaskConfig, task, source="--task"), _section(BuildConfig, build, source="--build"), output=output)


def train(config: ConfigOption = None, study: StudyOption = DEFAULT_STUDY, *, run: RunOption = None) -> None:
    r"""Train one run and publish its records; continues an interrupted one.

    \b
    By hand: knapsack-rl train --study config/config.yaml --run small-knapsack-n8-s0
    """
    from knapsack_rl.tracking import LiveTracker

    resolved = read_run(config, study=study, run_id=run)
    paths = StudyPaths.of(resolved.study)
    model_folder = _base_model(resolved, paths)
    _use_job_threads()
    from knapsack_rl.train import TrainJob
    from knapsack_rl.train import train as run_training

    run_training(
        TrainJob(
            config=resolved,
            paths=paths.run(resolved.run_id),
            prompts_file=paths.train_prompts,
            model_folder=model_folder,
            start_live=lambda run_config: LiveTracker.start(run_config, results_root=Path("results")),
        )
    )


def evaluate(config: ConfigOption = None, study: StudyOption = DEFAULT_STUDY, *, run: RunOption = None) -> None:
    """Evaluate every checkpoint of a trained run on the benchmarks."""
    resolved = read_run(config, study=study, run_id=run)
    paths = StudyPaths.of(resolved.study)
    _use_job_threads()
    from knapsack_rl.evaluate import evaluate as run_evaluation

    run_evaluation(resolved, paths=paths.run(resolved.run_id), benchmarks_file=paths.benchmarks)


def _base_model(config: RunConfig, paths: StudyPaths) -> Path:
    folder = Path(config.model.path) if config.model.path else paths.model(config.model_name)
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: the base model is not there; make it with `snakemake --cores 2 base_models`")
    return folder


def _section(model: type[SectionT], text: str, *, source: str) -> SectionT:
    try:
        return model.model_validate(read_json(text, source))
    except ValidationError as error:
        raise ConfigError(f"{source}: {describe(error)}") from None


def _use_job_threads() -> None:
    """Torch takes as many threads as the job was given (OMP_NUM_THREADS), so that two jobs share two cores well."""
    import torch

    first = os.environ.get("OMP_NUM_THREADS", "1").split(",")[0]
    torch.set_num_threads(int(first) if first.isdigit() and int(first) > 0 else 1)


COMMANDS = {"prepare": prepare, "pretrain": pretrain, "train": train, "evaluate": evaluate}
