"""Publish a run that verl trained: the same records as of any other run, out of verl's logs and checkpoints."""

import json
import shutil
from pathlib import Path
from typing import Any

from knapsack_rl.base.errors import StateError
from knapsack_rl.base.layout import RunPaths
from knapsack_rl.config import resume_hash, run_hash
from knapsack_rl.integrations.verl.dumps import answers_of, rewards_of
from knapsack_rl.integrations.verl.metrics_files import read_metrics
from knapsack_rl.integrations.verl.steps import check_dump, step_facts
from knapsack_rl.integrations.verl.study_run import VerlRun
from knapsack_rl.integrations.verl.weights import weights_folder
from knapsack_rl.records import (
    EVALS,
    ensure_writable,
    environment_facts,
    model_files,
    publish_journal,
    read_journal,
    sha256_of,
    swap_in,
    table_of,
    write_json,
    write_sums,
    write_table,
)
from knapsack_rl.records.prompts import read_train_prompts


def read_records(run: VerlRun) -> list[dict[str, Any]]:
    """The records of all steps, checked against verl's own dump of rollouts.

    Raises:
        StateError: a step is missing; verl has not come to its end.
        InputError: a log cannot be read, or two of them contradict each other.
    """
    steps = run.config.train.steps
    lines = read_journal(run.step_log, last_step=steps)
    if len(lines) != steps:
        raise StateError(
            f"{run.step_log}: holds {len(lines)} of {steps} steps; the same knapsack-rl verl command trains the rest"
        )
    metrics = read_metrics(run.metrics_files())
    kinds = {prompt.id: prompt.kind for prompt in read_train_prompts(run.problems.train)}
    success_at = run.success_at
    for line in lines:
        check_dump(line, rewards_of(run.rollouts / f"{line['step']}.jsonl"), success_at=success_at)
    return [step_facts(line, metrics.get(line["step"], {}), kinds=kinds).record() for line in lines]


def publish(run: VerlRun, *, nodes: int = 1) -> None:
    """Write the run's folder beside the old one, then put it in its place.

    Raises:
        StateError, InputError: as `read_records`, or weights or an evaluation that the run should have are missing.
    """
    records = read_records(run)
    answers = [row for step in run.config.checkpoints for row in _answers(run, step)]
    new = RunPaths(run.paths.study, f".{run.paths.run_id}.new")
    shutil.rmtree(new.folder, ignore_errors=True)
    ensure_writable(new.folder)
    for step in run.config.kept_weights:
        shutil.copytree(_weights(run, step), new.weights(step))
    publish_journal(records, new)
    write_table(new.inside_evals, table_of(answers, EVALS))
    write_json(new.config, json.loads(run.config.model_dump_json()))
    measured = {
        "num_gpus": nodes * run.config.learner.gpus,
        "train_s": sum(record["step_s"] for record in records),
    }
    write_json(new.manifest, {**_made_with(run), **measured})
    write_sums(new.folder)
    swap_in(new.folder, run.paths.folder)


def _answers(run: VerlRun, step: int) -> list[dict[str, Any]]:
    return answers_of(run.validation / f"{step}.jsonl", run_id=run.config.run_id, step=step)


def _weights(run: VerlRun, step: int) -> Path:
    folder = weights_folder(run.weights, step) if step else run.model_folder
    if not (folder / "config.json").is_file():
        raise StateError(
            f"{folder}: the weights of step {step} are missing; delete {run.state} to train the run again, or raise"
            " train.keep_weights_every"
        )
    return folder


def _made_with(run: VerlRun) -> dict[str, Any]:
    files = model_files(run.model_folder)
    return {
        "run_id": run.config.run_id,
        "config_hash": run_hash(run.config),
        "resume_hash": resume_hash(run.config),
        "code_version": run.config.code_version,
        "engine": "verl",
        "prompts_sha256": sha256_of(run.problems.train),
        "model_sha256": {path.name: sha256_of(path) for path in files},
        **environment_facts(),
    }
