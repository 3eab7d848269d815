"""Models and sets of problems."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.base.packaged import locate, require_gguf
from knapsack_rl.config import ModelConfig, RunConfig, StudyConfig
from knapsack_rl.preflight.finding import Finding
from knapsack_rl.preflight.hub import look_up
from knapsack_rl.records import model_files
from knapsack_rl.study.plan import model_shape
from knapsack_rl.tasks import InFile, OnHub, Task, build_task
from knapsack_rl.tasks.answer_styles import unasked

PROMPT_TOKENS = 1
"""Least length of a prompt, where the study sets no limit: responses alone must fit."""


def run_of(model: str, runs: Mapping[str, RunConfig]) -> RunConfig:
    """Some run of a model: what is checked is the same for all of them, unless one is overridden."""
    return next(run for run in runs.values() if run.model_name == model)


def check_models(study: StudyConfig, runs: Mapping[str, RunConfig]) -> Iterator[Finding]:
    """Every model of the grid is there, can be built, or can be fetched; and is long enough."""
    for name in study.grid_models:
        yield _model(study, name, model=study.models[name])
        yield from _context(study, name, run=run_of(name, runs))


def _model(study: StudyConfig, name: str, *, model: ModelConfig) -> Finding:
    check = f"model {name}"
    if model.build:
        return Finding(check=check, status="ok", found="built by the study")
    if model.path:
        return _folder(check, Path(model.path))
    if model.gguf:
        return _gguf(check, model.gguf, key=f"models.{name}.gguf")
    hub, revision = str(model.hub), str(model.revision)
    folder = StudyPaths.of(study.name).model(name)
    if _is_fetched(folder, hub, revision=revision):
        return Finding(check=check, status="ok", found=f"{hub} at {revision[:12]}, in {folder}")
    instead = f"copy the model to a folder and give models.{name}.path"
    return look_up(check, "model", hub=hub, revision=revision, instead=instead)


def _gguf(check: str, gguf: str, *, key: str) -> Finding:
    try:
        locate(gguf, key=key)
        require_gguf(key)
    except InputError as error:
        return Finding(check=check, status="missing", found=str(error))
    return Finding(check=check, status="ok", found=gguf)


def _is_fetched(folder: Path, hub: str, *, revision: str) -> bool:
    """Whether the job `fetch_model` has written its receipt for this model there."""
    try:
        receipt = json.loads((folder / "fetched.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool((receipt.get("hub"), receipt.get("revision")) == (hub, revision))


def _folder(check: str, folder: Path) -> Finding:
    names = {path.name for path in model_files(folder)} if folder.is_dir() else set()
    for wanted in ("config.json", ".safetensors", "tokenizer.json"):
        if not any(name.endswith(wanted) for name in names):
            remedy = "give a folder in the transformers layout, with safetensors weights and tokenizer"
            return Finding(check=check, status="missing", found=f"{folder} has no {wanted}", remedy=remedy)
    return Finding(check=check, status="ok", found=str(folder))


def _context(study: StudyConfig, name: str, *, run: RunConfig) -> Iterator[Finding]:
    """Prompt and response must fit the positions the model was made for."""
    shape = model_shape(study, name)
    limit = max(run.train.max_response_tokens, run.evaluation.max_response_tokens)
    needed = limit + (_task(study).max_prompt_tokens or PROMPT_TOKENS)
    if shape is None or needed <= shape.context:
        return
    raised = run.sampler.max_model_len
    found = f"{needed} tokens of prompt and response, {shape.context} in the model's configuration"
    if run.sampler.kind == "vllm" and (raised is None or raised < needed):
        remedy = f"sampler: {{max_model_len: {needed}}} raises it, or lower max_response_tokens"
        yield Finding(check=f"context {name}", status="missing", found=found, remedy=remedy)
    else:
        yield Finding(check=f"context {name}", status="note", found=f"{found}; positions beyond are extrapolated")


def check_data(study: StudyConfig) -> Iterator[Finding]:
    """Every set of problems is in its file, in the cache, or on the hub and open to this user."""
    needed = _task(study).needs().data
    if not needed:
        yield Finding(check="problems", status="ok", found=f"made by the task {study.task.name}")
    for one in needed:
        yield _file(one) if isinstance(one, InFile) else _on_hub(one)


def _on_hub(need: OnHub) -> Finding:
    return look_up(need.name, need.kind, hub=need.hub, revision=need.revision, instead=need.instead)


def _file(need: InFile) -> Finding:
    if not Path(need.path).is_file():
        found = f"{need.path}: no such file"
        return Finding(check=need.name, status="missing", found=found, remedy=need.instead)
    try:
        need.look()
    except InputError as error:
        return Finding(check=need.name, status="missing", found=str(error), remedy=need.remedy)
    return Finding(check=need.name, status="ok", found=need.path)


def check_signal(study: StudyConfig, runs: Mapping[str, RunConfig]) -> Iterator[Finding]:
    """Settings with which training runs and learns nothing."""
    if 1 in study.grid_budgets:
        found = "grid.budgets has 1: a group of one rollout has no advantage, so those runs never get a gradient"
        yield Finding(check="budgets", status="note", found=found, remedy="use budgets of 2 and more")
    readings = _task(study).readings()
    for name in study.grid_models:
        training, benchmarks = run_of(name, runs).model.prompt.templates
        for key, found in unasked(readings, {"template": training, "benchmark_template": benchmarks}):
            remedy = f"a model that does not answer so by itself earns nothing; set models.{name}.prompt.{key}"
            check = f"prompt {name}" if key == "template" else f"benchmark prompt {name}"
            yield Finding(check=check, status="note", found=found, remedy=remedy)


def _task(study: StudyConfig) -> Task[Any]:
    return build_task(study.task.name, study.task.options, seed=study.task.seed)
