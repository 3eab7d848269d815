"""A run from start, or from its last save, to published records."""

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from knapsack_rl.base.errors import StateError
from knapsack_rl.base.layout import RunPaths
from knapsack_rl.config import RunConfig, resume_hash, run_hash
from knapsack_rl.grpo import effective_ratios
from knapsack_rl.progress import Progress
from knapsack_rl.records import (
    Journal,
    ensure_writable,
    environment_facts,
    model_files,
    publish_journal,
    read_journal,
    sha256_of,
    write_json,
)
from knapsack_rl.train.build import Parts, build_parts
from knapsack_rl.train.state import locked, open_state, resume, save_state, saved_step, set_aside
from knapsack_rl.train.step import run_step

STATE_FORMAT = 1
"""Raised when saved state or journal columns change, so that older state is set aside instead of misread."""


class Live(Protocol):
    """Something told of every step; it must return at once and never raise."""

    def log_step(self, record: Mapping[str, Any]) -> None:
        """Take note of one step's facts."""
        ...

    def close(self) -> None:
        """Finish."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """What to train, from which files, and who is told."""

    config: RunConfig
    paths: RunPaths
    prompts_file: Path
    model_folder: Path
    start_live: Callable[[RunConfig], Live] | None = None
    """Called once training really starts."""
    build: Callable[..., Parts] = build_parts
    """Composition root; tests pass one with the fakes that ship in the package."""

    def stamp(self) -> dict[str, Any]:
        """What resume state belongs to: configuration (but the number of steps), code version and inputs."""
        files = model_files(self.model_folder) if self.model_folder.is_dir() else []
        return {
            "state_format": STATE_FORMAT,
            "resume_hash": resume_hash(self.config),
            "code_version": self.config.code_version,
            "prompts_sha256": sha256_of(self.prompts_file),
            "model_sha256": {path.name: sha256_of(path) for path in files},
        }


def train(job: TrainJob) -> None:
    """Train a run and publish its records; continues where an earlier, interrupted attempt stopped.

    Raises:
        KnapsackError: bad input, a locked or damaged state folder, an unwritable output folder. Nothing is published
            before the last step is done.
    """
    ensure_writable(job.paths.folder.parent)
    with locked(job.paths.state):
        parts = job.build(job.config, prompts_file=job.prompts_file, model_folder=job.model_folder)
        _prepare_state(job)
        start = resume(job.paths.state, parts)
        if start in job.config.checkpoints and not _weights(job.paths.state, start).exists():
            parts.learner.export(_weights(job.paths.state, start))
        if start < job.config.train.steps:
            _run_steps(job, parts, start=start)
        _publish(job)


def _prepare_state(job: TrainJob) -> None:
    """Open the state; set it aside if it went further than this run, or lacks weights that cannot be had again."""
    state, stamp = job.paths.state, job.stamp()
    open_state(state, stamp)
    saved = saved_step(state)
    lost = [step for step in job.config.checkpoints if step < saved and not _weights(state, step).exists()]
    if saved > job.config.train.steps or lost:
        set_aside(state)
        open_state(state, stamp)


class _LiveGuard(AbstractContextManager["_LiveGuard"]):
    """The live tracker for the duration of a run, or nothing."""

    def __init__(self, job: TrainJob) -> None:
        self._live = job.start_live(job.config) if job.start_live and job.config.live_tracking else None

    def __enter__(self) -> Self:
        return self

    def log_step(self, record: Mapping[str, Any]) -> None:
        if self._live:
            self._live.log_step(record)

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.close()


def _run_steps(job: TrainJob, parts: Parts, *, start: int) -> None:
    config, folder = job.config, job.paths.state
    with (
        Journal(folder / "journal.jsonl") as journal,
        Progress(config.run_id, total=config.train.steps, start=start) as progress,
        _LiveGuard(job) as live,
    ):
        for step in range(start + 1, config.train.steps + 1):
            record = run_step(parts, step)
            journal.append(record)
            live.log_step(record)
            if step in config.checkpoints:
                parts.learner.export(_weights(folder, step))
            if step % config.train.save_every == 0 or step == config.train.steps:
                save_state(folder, parts, step=step)
            progress.update(step, **_facts(record))


def _facts(record: Mapping[str, Any]) -> dict[str, str]:
    groups = record["groups"]
    ratio, _ = effective_ratios([g["num_successes"] for g in groups], [g["num_rollouts"] for g in groups])
    return {
        "reward": f"{record['num_successes'] / record['num_rollouts']:.3f}",
        "effective": f"{ratio:.2f}",
        "rollouts/s": f"{record['num_rollouts'] / record['step_s']:.0f}",
    }


def _weights(folder: Path, step: int) -> Path:
    return folder / "weights" / f"step_{step:05d}"


def _publish(job: TrainJob) -> None:
    """Write the run's folder from journal and exported weights beside the old one, then put it in its place."""
    config, paths = job.config, job.paths
    records = read_journal(paths.state / "journal.jsonl", last_step=config.train.steps)
    if len(records) != config.train.steps:
        raise StateError(
            f"{paths.state / 'journal.jsonl'}: holds {len(records)} of {config.train.steps} steps;"
            f" delete {paths.state} to start over"
        )
    new = RunPaths(paths.study, f".{paths.run_id}.new")
    shutil.rmtree(new.folder, ignore_errors=True)
    ensure_writable(new.folder)
    for step in config.checkpoints:
        shutil.copytree(_weights(paths.state, step), new.weights(step))
    publish_journal(records, new.folder)
    write_json(new.folder / "config.json", json.loads(config.model_dump_json()))
    manifest = {"run_id": config.run_id, "config_hash": run_hash(config), **job.stamp(), **environment_facts()}
    write_json(new.folder / "manifest.json", manifest | {"train_s": sum(record["step_s"] for record in records)})
    shutil.rmtree(paths.folder, ignore_errors=True)
    new.folder.rename(paths.folder)
