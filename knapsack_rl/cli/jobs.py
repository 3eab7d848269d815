"""Commands that compute: problem sets, base models, training, evaluation."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.base.ranks import is_rank
from knapsack_rl.cli.options import DEFAULT_STUDY, StudyOption, read_json, read_run
from knapsack_rl.config import BuildConfig, ModelConfig, RunConfig, TaskConfig, compact_json
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
    preparation: Annotated[
        Path | None, typer.Option(help="Counts of every filter to write (parquet); beside the training problems.")
    ] = None,
) -> None:
    """Write a task's training problems and benchmarks, and what was counted in preparing them."""
    from knapsack_rl.prepare import prepare as run

    config = _section(TaskConfig, task, source="--task")
    counts = preparation or train_prompts.with_name("preparation.parquet")
    run(config, train_prompts=train_prompts, benchmarks=benchmarks, preparation=counts)


def fetch(
    hub: Annotated[str, typer.Argument(help="Id of a model on the hub.")],
    revision: Annotated[str, typer.Argument(help="Its commit, 40 hexadecimal digits.")],
    *,
    output: Annotated[Path, typer.Option(help="Model folder to write.")],
) -> None:
    """Download a model from the hub at a pinned revision; a broken-off download continues."""
    from knapsack_rl.prepare.fetch import fetch_model

    try:
        model = ModelConfig(hub=hub, revision=revision)
    except ValidationError as error:
        raise ConfigError(describe(error)) from None
    fetch_model(hub, str(model.revision), folder=output)


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


def train(
    config: ConfigOption = None,
    study: StudyOption = DEFAULT_STUDY,
    *,
    run: RunOption = None,
    then_evaluate: Annotated[
        bool, typer.Option("--evaluate", help="Evaluate it as well, in the same process.")
    ] = False,
) -> None:
    r"""Train one run and publish its records; continues an interrupted one.

    \b
    By hand: knapsack-rl train --study config/config.yaml --run small-knapsack-n8-s0
    """
    resolved = read_run(config, study=study, run_id=run)
    paths = StudyPaths.of(resolved.study)
    model_folder = _base_model(resolved, paths)
    _use_job_threads()
    if not _launched_ranks(resolved):
        _train(resolved, paths, model_folder=model_folder)
    if then_evaluate and not is_rank(os.environ):
        _evaluate(resolved, paths)


def _train(config: RunConfig, paths: StudyPaths, *, model_folder: Path) -> None:
    """Train in this process, which may be one of several ranks."""
    from knapsack_rl.tracking import LiveTracker
    from knapsack_rl.train import TrainJob
    from knapsack_rl.train import train as run_training
    from knapsack_rl.train.build import build_parts
    from knapsack_rl.train.launch import as_rank

    job = TrainJob(
        config=config,
        paths=paths.run(config.run_id),
        prompts_file=paths.train_prompts,
        benchmarks_file=paths.benchmarks,
        model_folder=model_folder,
        start_live=lambda run_config: LiveTracker.start(run_config, results_root=Path("results")),
    )
    if not is_rank(os.environ):
        run_training(job)
        return
    from knapsack_rl.learner.ranks import join_ranks

    with as_rank():
        ranks = join_ranks()
        run_training(replace(job, ranks=ranks, build=partial(build_parts, ranks=ranks)))


def evaluate(config: ConfigOption = None, study: StudyOption = DEFAULT_STUDY, *, run: RunOption = None) -> None:
    """Evaluate every checkpoint of a trained run on the benchmarks, and its probe of training problems."""
    resolved = read_run(config, study=study, run_id=run)
    _use_job_threads()
    _evaluate(resolved, StudyPaths.of(resolved.study))


def _evaluate(config: RunConfig, paths: StudyPaths) -> None:
    from knapsack_rl.evaluate import evaluate as run_evaluation

    run_evaluation(
        config,
        paths=paths.run(config.run_id),
        benchmarks_file=paths.benchmarks,
        prompts_file=paths.train_prompts,
    )


def _launched_ranks(config: RunConfig) -> bool:
    """Train as several ranks, if the run is to have them and this process is none of them yet."""
    from knapsack_rl.train.launch import Nodes, launch, nodes_to_spread_over, spread

    command = ("-m", "knapsack_rl.cli.start", "train", "--config", compact_json(config))
    if is_rank(os.environ):
        return False
    if (waiting := nodes_to_spread_over(os.environ)) > 1:
        spread(command, nodes=waiting)
        return True
    nodes = Nodes.of_environment(os.environ)
    if config.learner.gpus * nodes.count == 1:
        return False
    from knapsack_rl.models import pick_device

    pick_device(config.learner.device, gpus=config.learner.gpus)
    launch(command, processes=config.learner.gpus, job=config.run_id, nodes=nodes)
    return True


def _base_model(config: RunConfig, paths: StudyPaths) -> Path:
    folder = Path(config.model.path) if config.model.path else paths.model(config.model_name)
    if not (folder / "config.json").is_file():
        raise InputError(
            f"{folder}: the base model is not there; make or fetch it with `snakemake --cores 2 base_models`"
        )
    if config.model.hub:
        from knapsack_rl.prepare.fetch import check_fetched

        check_fetched(folder, config.model.hub, revision=str(config.model.revision))
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


COMMANDS = {"prepare": prepare, "fetch": fetch, "pretrain": pretrain, "train": train, "evaluate": evaluate}
