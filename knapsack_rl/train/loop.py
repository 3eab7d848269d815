"""A run from start, or from its last save, to published records."""

import json
import logging
import shutil
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knapsack_rl.base.disk import writing_to
from knapsack_rl.base.errors import CONTINUES, DivergedError, InputError, StateError, TrainingError
from knapsack_rl.base.layout import RunPaths
from knapsack_rl.base.ranks import ONE_RANK, Ranks
from knapsack_rl.config import RunConfig, resume_hash, run_hash
from knapsack_rl.records import (
    Journal,
    StepFacts,
    ensure_writable,
    environment_facts,
    folder_damage,
    model_files,
    publish_journal,
    read_journal,
    sha256_of,
    swap_in,
    write_json,
    write_sums,
)
from knapsack_rl.train.build import Parts, build_parts
from knapsack_rl.train.card import model_card
from knapsack_rl.train.evaluations import Evaluations
from knapsack_rl.train.repair import put_away, put_damaged_away, remove_damaged
from knapsack_rl.train.state import locked, open_state, resume, save_state, saved_step, set_aside
from knapsack_rl.train.step import run_step
from knapsack_rl.train.step_log import Live, StepLog
from knapsack_rl.train.stop import budget_reached, end_of_run, not_reached, stop_facts

log = logging.getLogger(__name__)

STATE_FORMAT = 3
"""Raised when saved state or journal columns change, so that older state is set aside instead of misread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """What to train, from which files, and who is told."""

    config: RunConfig
    paths: RunPaths
    prompts_file: Path
    model_folder: Path
    start_live: Callable[[RunConfig], Live] | None = None
    """Called once training really starts."""
    benchmarks_file: Path | None = None
    """Problems of the evaluation inside training; needed for that alone."""
    build: Callable[..., Parts] = build_parts
    """Composition root; tests pass one with the fakes that ship in the package."""
    ranks: Ranks = ONE_RANK
    """The processes that train this run together; ``build`` must know them too. Rank 0 alone writes."""

    def stamp(self) -> dict[str, Any]:
        """What resume state belongs to: configuration (but the number of steps), code version and inputs."""
        files = []
        if self.model_folder.is_dir():
            files = model_files(self.model_folder, with_prompting=self.config.model.build is None)
        return {
            "state_format": STATE_FORMAT,
            "resume_hash": resume_hash(self.config),
            "code_version": self.config.code_version,
            "prompts_sha256": sha256_of(self.prompts_file),
            "model_sha256": {path.name: sha256_of(path) for path in files},
        }

    def evaluations(self) -> Evaluations | None:
        """Where the run is evaluated while it trains, None if it is not."""
        if not self.config.evaluation.inside_training:
            return None
        if self.benchmarks_file is None:
            raise InputError(
                "evaluation.inside_training: no benchmark problems;"
                " write them first with: knapsack-rl prepare --study <study file>"
            )
        return Evaluations(self.paths.state, self.config, benchmarks_file=self.benchmarks_file)


def train(job: TrainJob) -> None:
    """Train a run and publish its records; continues where an earlier, interrupted attempt stopped.

    Raises:
        KnapsackError: bad input, a locked or damaged state folder, an unwritable output folder. Nothing is published
            before the last step is done.
    """
    first = job.ranks.rank == 0
    if first:
        ensure_writable(job.paths.folder.parent)
    with writing_to(job.paths.state), locked(job.paths.state) if first else nullcontext():
        evaluations = job.evaluations()
        parts = job.build(job.config, prompts_file=job.prompts_file, model_folder=job.model_folder)
        if first:
            _prepare_state(job, evaluations)
        job.ranks.gather(None)  # the others read the state once it is prepared
        start = _agreed_start(job, parts)
        ended = _is_last(job, parts, step=start)
        _finish_step(job, parts, step=start, evaluations=evaluations, last=ended)
        if not ended:
            _run_steps(job, parts, start=start, evaluations=evaluations)
        parts.task.close()
        if first:
            with writing_to(job.paths.folder.parent):
                publish_run(job, evaluations, num_gpus=parts.num_gpus)


def _agreed_start(job: TrainJob, parts: Parts) -> int:
    """Resume on every rank; all must have found the same save."""
    starts = job.ranks.gather(resume(job.paths.state, parts))
    odd = next((rank for rank, start in enumerate(starts) if start != starts[0]), None)
    if odd is not None:
        raise StateError(
            f"{job.paths.state}: rank {odd} resumed at step {starts[odd]} and rank 0 at {starts[0]};"
            " put results/ on a file system that all nodes share"
        )
    return int(starts[0])


def _is_last(job: TrainJob, parts: Parts, *, step: int) -> bool:
    """Whether the run ends after ``step``, which has just been taken or resumed from."""
    train = job.config.train
    return step == train.steps or (train.stop is not None and budget_reached(train.stop, parts.history.spent()))


def _finish_step(job: TrainJob, parts: Parts, *, step: int, evaluations: Evaluations | None, last: bool) -> None:
    """Before the first step, or the first after a save: what an interrupted attempt may not have got to."""
    weights = exported_weights(job.paths.state, step)
    exported, evaluated = job.ranks.gather((weights.exists(), bool(evaluations and evaluations.has(step))))[0]
    if (last or step in job.config.kept_weights) and not exported:
        _export(job, parts, step=step)
    if evaluations and (last or step in job.config.checkpoints) and not evaluated:
        evaluations.evaluate(parts, step)


def _prepare_state(job: TrainJob, evaluations: Evaluations | None) -> None:
    """Open the state; set it aside if it went further than this run, or lacks weights that cannot be had again."""
    state, stamp = job.paths.state, job.stamp()
    open_state(state, stamp)
    put_damaged_away(state)
    saved = saved_step(state)
    _drop_damaged_weights(job, {*job.config.kept_weights, saved})
    lost = [step for step in job.config.kept_weights if step < saved and not exported_weights(state, step).exists()]
    if _beyond_end(job, saved) or lost:
        set_aside(state)
        open_state(state, stamp)
    elif evaluations:
        passed = [step for step in job.config.checkpoints if step < saved]
        evaluations.require(passed, kept=job.config.kept_weights)


def _beyond_end(job: TrainJob, saved: int) -> bool:
    """Whether the newest save lies beyond the step after which the run is to end."""
    train = job.config.train
    if train.stop is None:
        return saved > train.steps
    end = end_of_run(train, read_journal(job.paths.journal))
    return end is not None and saved > end


def _drop_damaged_weights(job: TrainJob, steps: Collection[int]) -> None:
    """Put away exported weights that are not as they were written; those of the newest save are written from it."""
    for step in sorted(steps):
        folder = exported_weights(job.paths.state, step)
        damage = next(folder_damage(folder), "") if folder.exists() else ""
        if damage:
            log.warning("%s; these weights are made again", damage)
            put_away(folder)


def _run_steps(job: TrainJob, parts: Parts, *, start: int, evaluations: Evaluations | None) -> None:
    config, folder, first = job.config, job.paths.state, job.ranks.rank == 0
    journal = (lambda: Journal(job.paths.journal)) if first else None
    with StepLog(config, start=start, journal=journal, start_live=job.start_live) as step_log:
        for step in range(start + 1, config.train.steps + 1):
            facts = _step_or_stop(job, parts, step=step)
            step_log.record(facts)
            last = _is_last(job, parts, step=step)
            if last or step in config.kept_weights:
                _export(job, parts, step=step)
            if evaluations and (last or step in config.checkpoints):
                evaluations.evaluate(parts, step)
            if last or step % config.train.save_every == 0:
                save_state(folder, parts, step=step)
            step_log.show(facts, **_share_of_budget(config, parts))
            if last:
                break
    if first and (line := not_reached(config, parts.history.spent())):
        log.warning(line)


def _share_of_budget(config: RunConfig, parts: Parts) -> dict[str, str]:
    """How much of its budget a run has generated, for the progress line; nothing for a run without one."""
    stop = config.train.stop
    return {} if stop is None else {"budget": f"{parts.history.spent()[stop.axis] / stop.limit:.0%}"}


def _step_or_stop(job: TrainJob, parts: Parts, *, step: int) -> StepFacts:
    """One step; a run that cannot go on stops before anything of it is saved, and says where it can go on from."""
    try:
        return run_step(parts, step)
    except DivergedError as error:
        raise DivergedError(f"{job.config.run_id}: step {step}: {error}; {_way_on(job.paths.state, step)}") from None
    except TrainingError as error:
        raise TrainingError(f"{job.config.run_id}: step {step}: {error}; {CONTINUES}") from None


def _way_on(state: Path, step: int) -> str:
    """What is left of a run that diverged at ``step``, and what can be done with it."""
    saved = saved_step(state)
    over = "another learning_rate or max_grad_norm under train.optimizer starts the run over"
    if saved == 0:
        return f"nothing was saved before it; {over}"
    text = f"{state} keeps step {saved}, the last good one: the same command goes on from it, {over}"
    # Weights of the step before may be finite and yet too large for a forward pass.
    return text if saved < step - 1 else f"{text}; should it stop here again, delete its folder step_{saved:05d} first"


def _export(job: TrainJob, parts: Parts, *, step: int) -> None:
    """Write the weights of ``step`` and their digests; all ranks must call, rank 0 writes."""
    folder = exported_weights(job.paths.state, step)
    parts.learner.export(folder, card=model_card(job.config, step))
    if job.ranks.rank == 0:
        write_sums(folder)


def exported_weights(folder: Path, step: int) -> Path:
    """Where the weights of ``step`` are exported to, in the state folder of a run."""
    return folder / "weights" / f"step_{step:05d}"


def publish_run(job: TrainJob, evaluations: Evaluations | None, *, num_gpus: int) -> None:
    """Write the run's folder from journal and exported weights beside the old one, then put it in its place.

    ``num_gpus`` is that of the attempt that finished; a run may have started with another number of them.
    """
    config, paths = job.config, job.paths
    records = read_journal(paths.journal, last_step=config.train.steps)
    last = end_of_run(config.train, records)
    if last is None:
        raise StateError(
            f"{paths.journal}: holds {len(records)} of {config.train.steps} steps; delete {paths.state} to start over"
        )
    records = records[:last]
    new = RunPaths(paths.study, f".{paths.run_id}.new")
    shutil.rmtree(new.folder, ignore_errors=True)
    ensure_writable(new.folder)
    for step in config.kept_weights_to(last):
        shutil.copytree(exported_weights(paths.state, step), new.weights(step))
    publish_journal(records, new)
    if evaluations:
        evaluations.publish(new.inside_evals, config.checkpoints_to(last))
    write_json(new.config, json.loads(config.model_dump_json()))
    manifest = {"run_id": config.run_id, "config_hash": run_hash(config), **job.stamp(), **environment_facts()}
    measured = {"num_gpus": num_gpus, "train_s": sum(record["step_s"] for record in records)}
    write_json(new.manifest, manifest | measured | stop_facts(config.train, records))
    write_sums(new.folder)
    swap_in(new.folder, paths.folder)
    remove_damaged(paths.state)
