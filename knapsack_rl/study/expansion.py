"""Expand the grid of a study into fully resolved runs and check them before anything is computed."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from knapsack_rl.allocation import check_strategy, default_belief
from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.base.suggestion import suggest
from knapsack_rl.beliefs import check_tracker
from knapsack_rl.config import ArmConfig, RunConfig, StudyConfig, TrainConfig, parse_run
from knapsack_rl.config.train import check_moved
from knapsack_rl.study.grid import GridKey, grid_keys
from knapsack_rl.study.replicates import as_replicate
from knapsack_rl.tasks import build_task, check_task

OVERRIDABLE = ("seed", "train", "evaluation", "learner", "sampler", "arm")

SHARED_BY_ARMS = ("steps", "prompts_per_step", "stop")
"""Keys of `train` that set how many rollouts a run spends: arms are compared at equal rollouts."""


def expand(study: StudyConfig, *, source: str = "config") -> dict[str, RunConfig]:
    """All runs of the study by id (see ``GridKey.run_id``), in grid order.

    Raises:
        ConfigError: an unknown strategy, belief, task or option; a budget outside the bounds; an override that
            names no run; a model folder that does not exist. ``source`` names the file in the message.
    """
    keys, num_train = _checked_grid(study, source)
    defaults = study.model_dump(mode="json", exclude={"overrides"})
    runs = {run_id: _resolve(study, run_id, key=key, defaults=defaults, source=source) for run_id, key in keys.items()}
    for run in runs.values():
        _check_enough_problems(run, num_train, source=source)
    return runs


def expand_one(study: StudyConfig, run_id: str, *, source: str = "config") -> RunConfig:
    """One run of the study, without resolving the others; a job of a study of thousands starts as fast as any.

    Raises:
        ConfigError: as ``expand``, for what concerns this run.
        InputError: the study has no such run.
    """
    keys, num_train = _checked_grid(study, source)
    if run_id not in keys:
        hint = suggest(run_id, keys)
        raise InputError(f"--run {run_id}: no such run in the study; {hint} `knapsack-rl runs` lists all {len(keys)}")
    defaults = study.model_dump(mode="json", exclude={"overrides"})
    run = _resolve(study, run_id, key=keys[run_id], defaults=defaults, source=source)
    _check_enough_problems(run, num_train, source=source)
    return run


def _checked_grid(study: StudyConfig, source: str) -> tuple[dict[str, GridKey], int | None]:
    """Keys of all runs and the number of training problems, None if not known, once what runs share is checked."""
    try:
        keys = grid_keys(study)
        num_train = check_task(study.task.name, study.task.options)
        _check_models(study)
        for name, arm in study.arms.items():
            _check_arm(arm, f"arms.{name}")
            _check_arm_train(arm, f"arms.{name}")
        _check_overrides(study.overrides, keys)
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None
    return keys, num_train


def _check_enough_problems(run: RunConfig, num_train: int | None, *, source: str) -> None:
    if num_train is not None and run.train.prompts_per_step > num_train:
        raise ConfigError(
            f"{source}: train.prompts_per_step: {run.train.prompts_per_step} exceeds the {num_train} training"
            f" problems (run {run.run_id}); lower it or raise the number of problems"
        )


def _resolve(study: StudyConfig, run_id: str, *, key: GridKey, defaults: Mapping[str, Any], source: str) -> RunConfig:
    resolved = {
        "run_id": run_id,
        "study": study.name,
        "code_version": study.code_version,
        "engine": study.engine,
        "model_name": key.model,
        "arm_name": key.arm,
        "budget": key.budget,
        "batch": key.batch,
        "seed": key.seed,
        "model": defaults["models"][key.model] | {"train": {}, "learner": {}, "sampler": {}},
        "arm": defaults["arms"][key.arm] | {"train": {}},
        "task": defaults["task"],
        "train": _train_of(study, key),
        "evaluation": defaults["evaluation"],
        "learner": _merge(defaults["learner"], study.models[key.model].learner),
        "sampler": _merge(defaults["sampler"], study.models[key.model].sampler),
        "live_tracking": study.tracking.live,
    }
    merged = _merge(resolved, study.overrides.get(run_id, {}))
    run = as_replicate(parse_run(merged, source=f"{source}: run {run_id}"), study)
    try:
        run = run.model_copy(update={"arm": _check_arm(run.arm, "arm")})
    except ConfigError as error:
        raise ConfigError(f"{source}: run {run_id}: {error}") from None
    return run


def _train_of(study: StudyConfig, key: GridKey) -> dict[str, Any]:
    """The study's settings of training, those of the model over them, those of the arm over both."""
    prompts = {"prompts_per_step": key.prompts_per_step} if key.prompts_per_step else {}
    shared = _merge(study.train.model_dump(mode="json"), study.models[key.model].train)
    return _merge(_merge(shared, study.arms[key.arm].train), prompts)


def _check_arm(arm: ArmConfig, where: str) -> ArmConfig:
    """The arm with its belief filled in, once names and options of both are known to be right."""
    try:
        check_strategy(arm.strategy, arm.options)
        belief = arm.belief or default_belief(arm.strategy, arm.options)
        check_tracker(belief, arm.belief_options)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    return arm.model_copy(update={"belief": belief})


def _check_arm_train(arm: ArmConfig, where: str) -> None:
    try:
        check_moved(arm.train)
    except ValueError as error:
        raise ConfigError(f"{where}.train: {error}") from None
    for key, value in arm.train.items():
        if key in SHARED_BY_ARMS:
            raise ConfigError(
                f"{where}.train.{key}: {value!r} would change the rollouts that the arm spends; all arms are compared"
                " at equal rollouts, so set it under `train`"
            )
        if key not in TrainConfig.model_fields:
            hint = suggest(key, TrainConfig.model_fields, otherwise="see config/README.md for the keys")
            raise ConfigError(f"{where}.train.{key}: unknown key (value {value!r}); {hint}")


def _check_models(study: StudyConfig) -> None:
    task = build_task(study.task.name, study.task.options, seed=study.task.seed)
    for name, model in study.models.items():
        try:
            task.check_templates(*model.prompt.templates)
        except ConfigError as error:
            raise ConfigError(f"models.{name}.{error}") from None
        if model.path is not None and not (Path(model.path) / "config.json").is_file():
            raise ConfigError(
                f"models.{name}.path: no model at {model.path!r} (config.json not found);"
                " give a folder in the transformers layout or use `build`"
            )


def _check_overrides(overrides: Mapping[str, Mapping[str, Any]], run_ids: Collection[str]) -> None:
    for run_id, values in overrides.items():
        if run_id not in run_ids:
            hint = suggest(run_id, run_ids, otherwise=f"runs look like {next(iter(run_ids))!r}")
            raise ConfigError(f"overrides.{run_id}: no such run in the grid; {hint}")
        for key in values:
            if key not in OVERRIDABLE:
                raise ConfigError(f"overrides.{run_id}.{key}: cannot be overridden; allowed: {', '.join(OVERRIDABLE)}")
        if values.get("arm", {}).get("train"):
            raise ConfigError(f"overrides.{run_id}.arm.train: give these keys as overrides.{run_id}.train")


def _merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes`` laid over it, mappings merged key by key."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
