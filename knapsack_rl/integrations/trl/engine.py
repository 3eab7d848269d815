"""Engine ``trl``: TRL's trainer trains a run of a study and leaves the records that ours leaves."""

import json
import math
from pathlib import Path

import torch
from transformers.trainer_callback import PrinterCallback, ProgressCallback

from knapsack_rl.base.disk import writing_to
from knapsack_rl.base.errors import CONTINUES, DivergedError
from knapsack_rl.integrations.state_file import NAME
from knapsack_rl.integrations.trl.study_arguments import grpo_arguments
from knapsack_rl.integrations.trl.study_trainer import StudyParts, StudyTrainer
from knapsack_rl.integrations.trl.versions import require_trl
from knapsack_rl.models import load_model, load_tokenizer, pick_device, save_model
from knapsack_rl.models.prompts import prompt_encoder, stop_tokens
from knapsack_rl.records import Journal, StepFacts, ensure_writable, write_sums
from knapsack_rl.records.prompts import read_train_prompts
from knapsack_rl.tasks import build_task
from knapsack_rl.train import TrainJob
from knapsack_rl.train.card import model_card
from knapsack_rl.train.loop import exported_weights, publish_run
from knapsack_rl.train.state import locked, open_state, set_aside
from knapsack_rl.train.step_log import StepLog

CHECKPOINTS = "trl"
"""Folder of TRL's checkpoints, in the state folder of the run."""
STATE = "trainer_state.json"
"""What TRL writes last into a checkpoint."""


def train_with_trl(job: TrainJob) -> None:
    """Train a run and publish its records; continues where an earlier, interrupted attempt was saved.

    Raises:
        KnapsackError: TRL is missing or of another version, bad input, a locked state folder, an unwritable output
            folder, or a loss that is not finite. Nothing is published before the last step is done.
    """
    require_trl()
    config, paths = job.config, job.paths
    ensure_writable(paths.folder.parent)
    with writing_to(paths.state), locked(paths.state):
        saved = _prepare_state(job)
        start = 0 if saved is None else step_of(saved) // config.train.mini_batches
        run = _Run(job)
        if start == 0 and 0 in config.kept_weights:
            run.export(0)
        if start < config.train.steps:
            journal = lambda: Journal(paths.state / "journal.jsonl")  # noqa: E731 - one expression
            with StepLog(config, start=start, journal=journal, start_live=job.start_live) as step_log:
                run.step_log = step_log
                run.trainer.train(resume_from_checkpoint=None if saved is None else str(saved))
        run.close()
        with writing_to(paths.folder.parent):
            publish_run(job, None, num_gpus=run.num_gpus)


class _Run:
    """TRL's trainer and who is told of its steps."""

    step_log: StepLog

    def __init__(self, job: TrainJob) -> None:
        config, folder = job.config, job.model_folder
        self._job = job
        device = pick_device(config.learner.device)
        self.num_gpus = int(device.type == "cuda")
        self._tokenizer = load_tokenizer(folder)
        self._task = build_task(config.task.name, config.task.options, seed=config.task.seed)
        parts = StudyParts(
            config=config,
            task=self._task,
            prompts=read_train_prompts(job.prompts_file),
            encode=prompt_encoder(self._tokenizer, config.model.prompt),
            stops=stop_tokens(self._tokenizer, folder, prompt=config.model.prompt),
            on_step=self._step_done,
        )
        longest = max(len(parts.encode(prompt.text)) for prompt in parts.prompts)
        model = load_model(folder, dtype=torch.float32)
        model.generation_config.eos_token_id = list(parts.stops)
        arguments = grpo_arguments(config, output=job.paths.state / CHECKPOINTS, longest_prompt=longest)
        self.trainer = StudyTrainer(parts, model=model, args=arguments, processing_class=self._tokenizer)
        for shown_by_us in (PrinterCallback, ProgressCallback):
            self.trainer.remove_callback(shown_by_us)

    def export(self, step: int) -> None:
        """Write the weights after ``step``, and their digests."""
        folder = exported_weights(self._job.paths.state, step)
        model = self.trainer.accelerator.unwrap_model(self.trainer.model)
        save_model(folder, model, tokenizer=self._tokenizer, card=model_card(self._job.config, step))
        write_sums(folder)

    def close(self) -> None:
        """End what the task has started."""
        self._task.close()

    def _step_done(self, facts: StepFacts) -> None:
        config, step = self._job.config, facts.step
        for key in ("loss", "grad_norm"):
            if not math.isfinite(value := getattr(facts, key)):
                raise DivergedError(
                    f"{config.run_id}: step {step}: the {key} is not finite ({value}); another"
                    f" train.learning_rate starts the run over, {CONTINUES}"
                )
        self.step_log.record(facts)
        if step in config.kept_weights:
            self.export(step)
        self.step_log.show(facts)


def _prepare_state(job: TrainJob) -> Path | None:
    """Open the state; set it aside if it went further than this run, or lacks weights that cannot be had again.

    Returns:
        The newest whole checkpoint, None to start from the base model.
    """
    state, stamp = job.paths.state, job.stamp()
    open_state(state, stamp)
    saved = newest_checkpoint(state / CHECKPOINTS)
    step = 0 if saved is None else step_of(saved) // job.config.train.mini_batches
    lost = [kept for kept in job.config.kept_weights if kept <= step and not exported_weights(state, kept).exists()]
    if saved is not None and (step > job.config.train.steps or lost):
        set_aside(state)
        open_state(state, stamp)
        return None
    return saved


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that TRL has written to the end, with beliefs; None if there is none."""
    found = folder.glob("checkpoint-*") if folder.is_dir() else ()
    return max(filter(_is_whole, found), key=step_of, default=None)


def _is_whole(checkpoint: Path) -> bool:
    try:
        return all(isinstance(json.loads((checkpoint / name).read_text()), dict) for name in (STATE, NAME))
    except (OSError, ValueError):
        return False


def step_of(checkpoint: Path) -> int:
    """Optimiser steps after which a checkpoint was made; -1 for a folder of another name."""
    number = checkpoint.name.rpartition("-")[2]
    return int(number) if number.isdigit() else -1
