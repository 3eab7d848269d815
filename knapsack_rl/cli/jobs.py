"""Commands that compute: problem sets, base models, training, evaluation."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.base.layout import ProblemPaths, StudyPaths
from knapsack_rl.base.ranks import is_rank
from knapsack_rl.cli.already import say_if_evaluated, say_if_trained
from knapsack_rl.cli.base_folder import base_model
from knapsack_rl.cli.options import (
    DEFAULT_STUDY,
    ConfigOption,
    RunOption,
    StudyOption,
    read_json,
    read_run,
    read_study,
    study_source,
)

if TYPE_CHECKING:
    from knapsack_rl.config import RunConfig, TaskConfig


def prepare(
    *,
    study: StudyOption = DEFAULT_STUDY,
    task: Annotated[str | None, typer.Option(help="Section `task` as JSON, in place of the study's.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder to write one set into; where the study's runs read it if left out.")
    ] = None,
) -> None:
    """Write training problems, benchmarks, and what was counted in preparing them; with seeds' own, those of each."""
    from knapsack_rl.prepare import prepare as run
    from knapsack_rl.study import expand
    from knapsack_rl.study.replicates import problem_sets

    if task is not None:
        if output is None:
            raise InputError("--task needs --output, the folder to write its problems into")
        run(_task(task), ProblemPaths(output))
        return
    config = read_study(study)
    sets = problem_sets(expand(config, source=study_source(study)))
    if output is not None and len(sets) > 1:
        raise InputError(f"--output {output}: the study has {len(sets)} problem sets, one per seed; leave it out")
    for name, of_set in sets.items():
        run(of_set, ProblemPaths(output) if output else StudyPaths.of(config.name).problems(name))


def fetch(
    hub: Annotated[str, typer.Argument(help="Id of a model on the hub.")],
    revision: Annotated[str, typer.Argument(help="Its commit, 40 hexadecimal digits.")],
    *,
    output: Annotated[Path, typer.Option(help="Model folder to write.")],
) -> None:
    """Download a model from the hub at a pinned revision; a broken-off download continues."""
    from pydantic import ValidationError

    from knapsack_rl.config import ModelConfig
    from knapsack_rl.config.load import describe
    from knapsack_rl.prepare.fetch import fetch_model

    try:
        model = ModelConfig(hub=hub, revision=revision)
    except ValidationError as error:
        raise ConfigError(describe(error)) from None
    fetch_model(hub, str(model.revision), folder=output)


def dequantise(
    gguf: Annotated[str, typer.Argument(help="A GGUF file: its path, or package:<package>/<file>.")],
    *,
    output: Annotated[Path, typer.Option(help="Model folder to write.")],
) -> None:
    """Write the model of a GGUF file, in float32, as a folder in the transformers layout."""
    from knapsack_rl.prepare.dequantise import dequantise_model

    dequantise_model(gguf, folder=output)


def pretrain(
    model: Annotated[str, typer.Option(help="A model that the study builds: tiny, or tiny-s0 if per seed.")],
    *,
    study: StudyOption = DEFAULT_STUDY,
    output: Annotated[Path, typer.Option(help="Model folder to write.")],
) -> None:
    """Build a small base model and pre-train it on the task's demonstrations."""
    from knapsack_rl.study import expand
    from knapsack_rl.study.replicates import base_models

    known = base_models(expand(read_study(study), source=study_source(study)))
    build = known[model].model.build if model in known else None
    if build is None:
        named = ", ".join(known) or "none"
        raise InputError(f"--model {model}: no model that {study_source(study)} builds; it builds: {named}")
    _use_job_threads()
    from knapsack_rl.pretrain import pretrain as run

    run(known[model].task, build, output=output)


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
    if not is_rank(os.environ):
        say_if_trained(resolved, paths.run(resolved.run_id))
    model_folder = base_model(resolved, paths)
    _use_job_threads()
    given = ("--study", study, "--run", resolved.run_id) if config is None else ("--config", config)
    if resolved.engine == "verl":
        from knapsack_rl.cli.verl import train_run

        train_run(resolved)
    elif not _launched_ranks(resolved, given):
        _train(resolved, paths, model_folder=model_folder)
    if then_evaluate and not is_rank(os.environ):
        _evaluate(resolved, paths)


def _train(config: "RunConfig", paths: StudyPaths, *, model_folder: Path) -> None:
    """Train in this process, which may be one of several ranks."""
    from knapsack_rl.tracking import LiveTracker, tracking_uri
    from knapsack_rl.train import TrainJob
    from knapsack_rl.train import train as run_training
    from knapsack_rl.train.build import build_parts
    from knapsack_rl.train.launch import as_rank

    tracking_uri(Path("results"))  # refuses a store that would keep nothing, before hours are spent
    problems = paths.problems(config.problem_set)
    job = TrainJob(
        config=config,
        paths=paths.run(config.run_id),
        prompts_file=problems.train,
        benchmarks_file=problems.benchmarks,
        model_folder=model_folder,
        start_live=lambda run_config: LiveTracker.start(run_config, results_root=Path("results")),
    )
    if config.engine == "trl":
        from knapsack_rl.integrations.trl.versions import require_trl

        require_trl()
        from knapsack_rl.integrations.trl.engine import train_with_trl

        train_with_trl(job)
        return
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
    say_if_evaluated(resolved, StudyPaths.of(resolved.study).run(resolved.run_id))
    _use_job_threads()
    _evaluate(resolved, StudyPaths.of(resolved.study))


def _evaluate(config: "RunConfig", paths: StudyPaths) -> None:
    from knapsack_rl.evaluate import evaluate as run_evaluation

    problems = paths.problems(config.problem_set)
    run_evaluation(
        config,
        paths=paths.run(config.run_id),
        benchmarks_file=problems.benchmarks,
        prompts_file=problems.train,
    )


def _launched_ranks(config: "RunConfig", given: Sequence[str]) -> bool:
    """Train as several ranks, if the run is to have them and this process is none of them yet.

    They are told of the run as this process was, in ``given``: a system takes no argument of 128 KiB.
    """
    from knapsack_rl.train.launch import Nodes, launch, nodes_to_spread_over, spread

    command = ("-m", "knapsack_rl.cli.start", "train", *given)
    if is_rank(os.environ):
        return False
    if (waiting := nodes_to_spread_over(os.environ, ranks_per_node=config.learner.gpus)) > 1:
        spread(command, nodes=waiting)
        return True
    nodes = Nodes.of_environment(os.environ)
    if config.learner.gpus * nodes.count == 1:
        return False
    from knapsack_rl.models import pick_device

    pick_device(config.learner.device, gpus=config.learner.gpus)
    launch(command, processes=config.learner.gpus, job=config.run_id, nodes=nodes)
    return True


def _task(text: str) -> "TaskConfig":
    from pydantic import ValidationError

    from knapsack_rl.config import TaskConfig
    from knapsack_rl.config.load import describe

    try:
        return TaskConfig.model_validate(read_json(text, "--task"))
    except ValidationError as error:
        raise ConfigError(f"--task: {describe(error)}") from None


def _use_job_threads() -> None:
    """Torch takes as many threads as the job was given (OMP_NUM_THREADS), so that two jobs share two cores well."""
    import torch

    first = os.environ.get("OMP_NUM_THREADS", "1").split(",")[0]
    torch.set_num_threads(int(first) if first.isdigit() and int(first) > 0 else 1)


COMMANDS = {
    "prepare": prepare,
    "fetch": fetch,
    "dequantise": dequantise,
    "pretrain": pretrain,
    "train": train,
    "evaluate": evaluate,
}
