"""Replicates: where a study asks for it, a run seed stands for its own base model and its own problems.

An interval over seeds then covers all of them. Otherwise the seeds of a study share one base model and one set of
problems, and every interval is conditional on both.
"""

from collections.abc import Mapping

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.config import RunConfig, StudyConfig, TaskConfig


def as_replicate(run: RunConfig, study: StudyConfig) -> RunConfig:
    """The run with the seeds of its base model, problems and evaluations, and the folders where the first two are.

    Models of a study that are built alike share their base models: they differ in how they are trained.
    """
    build = run.model.build
    changes: dict[str, object] = {}
    base = _first_built_alike(run.model_name, study)
    if build and build.per_seed:
        base = f"{base}-s{run.seed}"
        seeded = build.model_copy(update={"seed": _seed_of(build.seed, "base model", run_seed=run.seed)})
        changes["model"] = run.model.model_copy(update={"build": seeded})
    if run.task.per_seed:
        problems = _seed_of(run.task.seed, "problems", run_seed=run.seed)
        noise = _seed_of(run.evaluation.seed, "evaluation", run_seed=run.seed)
        changes["task"] = run.task.model_copy(update={"seed": problems})
        changes["evaluation"] = run.evaluation.model_copy(update={"seed": noise})
        changes["problem_set"] = f"s{run.seed}"
    if base != run.model_name:
        changes["base_model"] = base
    return run.model_copy(update=changes)


def base_models(runs: Mapping[str, RunConfig]) -> dict[str, RunConfig]:
    """Folder of every base model that the study builds, and a run that starts from it."""
    found: dict[str, RunConfig] = {}
    for run in runs.values():
        if run.model.build:
            found.setdefault(run.base_folder, run)
    return found


def problem_sets(runs: Mapping[str, RunConfig]) -> dict[str | None, TaskConfig]:
    """The task, with its seed, of every problem set of the study."""
    found: dict[str | None, TaskConfig] = {}
    for run in runs.values():
        found.setdefault(run.problem_set, run.task)
    return found


def _first_built_alike(name: str, study: StudyConfig) -> str:
    build = study.models[name].build
    if build is None:
        return name
    return next(other for other in study.grid_models if study.models[other].build == build)


def _seed_of(seed: int, what: str, *, run_seed: int) -> int:
    """31 bits, which every random generator and every reader of JSON takes."""
    return derive_seed(seed, what, run_seed) % 2**31
