"""A study's cost per model and budget, before anything is downloaded or run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.config import ModelConfig, RunConfig, StudyConfig, TaskConfig
from knapsack_rl.study.estimate import Assumptions, RunEstimate, estimate_run
from knapsack_rl.study.shape import KNOWN, ModelShape, shape_of_build, shape_of_folder
from knapsack_rl.tasks import build_task

UNKNOWN_SIZE = 100
"""Benchmark problems of a task that cannot tell their number before they are made."""


@dataclass(slots=True, kw_only=True)
class PlanRow:
    """All runs of one model at one budget."""

    model: str
    budget: int
    num_parameters: int
    num_runs: int = 0
    total: RunEstimate = field(default_factory=RunEstimate)


def plan(study: StudyConfig, runs: Mapping[str, RunConfig], *, given: Assumptions) -> list[PlanRow]:
    """One row per model label and budget, in grid order.

    Raises:
        InputError: a model whose size cannot be told before it is there, or an assumption out of range.
    """
    given.check()
    problems = count_benchmark_problems(study.task)
    shapes = {name: require_shape(study, name) for name in study.grid_models}
    rows: dict[tuple[str, int], PlanRow] = {}
    for run in runs.values():
        shape = shapes[run.model_name]
        key = (run.model_label, run.budget)
        row = rows.setdefault(
            key, PlanRow(model=run.model_label, budget=run.budget, num_parameters=shape.num_parameters)
        )
        row.num_runs += 1
        row.total += estimate_run(run, shape, num_problems=problems, given=given)
    return list(rows.values())


def require_shape(study: StudyConfig, name: str) -> ModelShape:
    """Shape of a model of the study.

    Raises:
        InputError: it is neither there nor known.
    """
    shape = model_shape(study, name)
    if shape is None:
        model = study.models[name]
        raise InputError(
            f"models.{name}: the size of {model.hub or model.gguf or model.path!r} is not known before it is there;"
            " download or convert it first (`snakemake --cores 1 base_models`; config.json is enough), or give `path`"
        )
    return shape


def model_shape(study: StudyConfig, name: str) -> ModelShape | None:
    """Shape of a model from its folder, or from the published configurations of known models; None if neither."""
    model = study.models[name]
    if model.build:
        vocabulary = build_task(study.task.name, study.task.options, seed=study.task.seed).vocabulary()
        return shape_of_build(model.build, vocabulary=len(vocabulary) + 1)
    return shape_of_folder(_folder(study, name, model=model)) or KNOWN.get(model.hub or "")


def _folder(study: StudyConfig, name: str, *, model: ModelConfig) -> Path:
    return StudyPaths.of(study.name).base_model(model.path, name)


def count_benchmark_problems(task: TaskConfig) -> int:
    """Problems of all benchmarks, as far as the options tell; none is made or read."""
    told = build_task(task.name, task.options, seed=task.seed).num_problems()
    return UNKNOWN_SIZE if told is None else told
