"""Expand the grid of a study into fully resolved runs and check them before anything is computed."""

from collections.abc import Mapping
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Any

from knapsack_rl.allocation import check_strategy, default_belief
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs import check_tracker
from knapsack_rl.config import ArmConfig, RunConfig, StudyConfig, parse_run
from knapsack_rl.study.totals import step_totals
from knapsack_rl.tasks import check_task

OVERRIDABLE = ("seed", "train", "evaluation", "arm")


def expand(study: StudyConfig, *, source: str = "config") -> dict[str, RunConfig]:
    """All runs of the study by id (``<model>-<arm>-n<budget>-s<seed>``), in grid order.

    Raises:
        ConfigError: an unknown strategy, belief, task or option; a budget outside the bounds; an override that
            names no run; a model folder that does not exist. ``source`` names the file in the message.
    """
    grid = study.grid
    ids = {
        f"{model}-{arm}-n{budget}-s{seed}": (model, arm, budget, seed)
        for model, arm, budget, seed in product(grid.models, grid.arms, grid.budgets, grid.seeds)
    }
    try:
        num_train = check_task(study.task.name, study.task.options)
        _check_models(study)
        for name, arm in study.arms.items():
            _check_arm(arm, f"arms.{name}")
        _check_overrides(study.overrides, list(ids))
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None
    runs = {run_id: _resolve(study, run_id, key=key, source=source) for run_id, key in ids.items()}
    for run in runs.values():
        if num_train is not None and run.train.prompts_per_step > num_train:
            raise ConfigError(
                f"{source}: train.prompts_per_step: {run.train.prompts_per_step} exceeds the {num_train} training"
                f" problems (run {run.run_id}); lower it or raise the number of problems"
            )
    return runs


def _resolve(study: StudyConfig, run_id: str, *, key: tuple[str, str, int, int], source: str) -> RunConfig:
    model, arm_name, budget, seed = key
    defaults = study.model_dump(mode="json")
    resolved = {
        "run_id": run_id,
        "study": study.name,
        "code_version": study.code_version,
        "model_name": model,
        "arm_name": arm_name,
        "budget": budget,
        "seed": seed,
        "model": defaults["models"][model] | {"train": {}},
        "arm": defaults["arms"][arm_name],
        "task": defaults["task"],
        "train": _merge(defaults["train"], study.models[model].train),
        "evaluation": defaults["evaluation"],
        "live_tracking": study.tracking.live,
    }
    run = parse_run(_merge(resolved, study.overrides.get(run_id, {})), source=f"{source}: run {run_id}")
    try:
        run = run.model_copy(update={"arm": _check_arm(run.arm, "arm")})
        step_totals(run)
    except ConfigError as error:
        raise ConfigError(f"{source}: run {run_id}: {error}") from None
    return run


def _check_arm(arm: ArmConfig, where: str) -> ArmConfig:
    """The arm with its belief filled in, once names and options of both are known to be right."""
    try:
        check_strategy(arm.strategy, arm.options)
        belief = arm.belief or default_belief(arm.strategy, arm.options)
        check_tracker(belief, arm.belief_options)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    return arm.model_copy(update={"belief": belief})


def _check_models(study: StudyConfig) -> None:
    for name, model in study.models.items():
        if model.path is not None and not (Path(model.path) / "config.json").is_file():
            raise ConfigError(
                f"models.{name}.path: no model at {model.path!r} (config.json not found);"
                " give a folder in the transformers layout or use `build`"
            )


def _check_overrides(overrides: Mapping[str, Mapping[str, Any]], run_ids: list[str]) -> None:
    for run_id, values in overrides.items():
        if run_id not in run_ids:
            near = get_close_matches(run_id, run_ids, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"runs look like {run_ids[0]!r}"
            raise ConfigError(f"overrides.{run_id}: no such run in the grid; {hint}")
        for key in values:
            if key not in OVERRIDABLE:
                raise ConfigError(f"overrides.{run_id}.{key}: cannot be overridden; allowed: {', '.join(OVERRIDABLE)}")


def _merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes`` laid over it, mappings merged key by key."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
