"""TRL's side: ``GRPOTrainer`` as it comes, with our prompts, our rewards and our hyper-parameters."""

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback, ProgressCallback
from trl import GRPOConfig, GRPOTrainer

from beside_trl.cases import WARM_UP, Case, run_of, stop_of, task_of
from beside_trl.clock import Clock, Lap
from knapsack_rl.base.types import Prompt
from knapsack_rl.config import RunConfig
from knapsack_rl.models import load_model, load_tokenizer
from knapsack_rl.records.prompts import read_train_prompts
from knapsack_rl.tasks import Response
from knapsack_rl.train.stream import PromptStream

NEVER = 1_000_000


class Laps(TrainerCallback):
    """Times training steps: each has as many optimiser steps as there are mini-batches."""

    def __init__(self, mini_batches: int) -> None:
        self._mini_batches = mini_batches
        self.laps: list[Lap] = []
        self.tokens = self.rollouts = 0

    def on_train_begin(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - transformers calls it
        """The first step begins."""
        self._clock = Clock()

    def on_step_end(self, _args: Any, state: Any, _control: Any, **__: Any) -> None:  # noqa: ANN401
        """An optimiser step is done."""
        if state.global_step % self._mini_batches == 0:
            self.laps.append(self._clock.lap(self.tokens, rollouts=self.rollouts))
            self.tokens = self.rollouts = 0


def build_theirs(
    case: Case, files: tuple[Path, Path], *, rows: int, output: Path, trainer: type[GRPOTrainer] = GRPOTrainer
) -> tuple[GRPOTrainer, Laps]:
    """A trainer at its first step, and what times it.

    Args:
        case: what is trained.
        files: prompts and base model.
        rows: rollouts pushed through the model at once.
        output: folder that the trainer asks for.
        trainer: the class.
    """
    run = run_of(case, "uniform")
    prompts, tokenizer = read_train_prompts(files[0]), load_tokenizer(files[1])
    laps = Laps(run.train.mini_batches)
    made = trainer(
        model=load_model(files[1], dtype=torch.float32, device=torch.device("cpu")),
        reward_funcs=_reward(case, run, prompts=prompts, laps=laps, eos=tokenizer.eos_token_id),
        args=_arguments(case, run, rows=rows, output=output),
        train_dataset=_in_order(run, prompts),
        processing_class=tokenizer,
        callbacks=[laps],
    )
    for each in (PrinterCallback, ProgressCallback):
        made.remove_callback(each)
    return made, laps


def time_theirs(case: Case, files: tuple[Path, Path], *, rows: int) -> list[Lap]:
    """Seconds of every step after the warm-up, from the base model on."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer, laps = build_theirs(case, files, rows=rows, output=Path(folder))
        trainer.train()
    return laps.laps[WARM_UP:]


def _in_order(run: RunConfig, prompts: Sequence[Prompt]) -> Dataset:
    """The prompts of our steps, one step after the other: TRL takes them in this order."""
    stream = PromptStream(prompts, batch_size=run.train.prompts_per_step, seed=run.seed)
    rows = [prompt for _ in range(run.train.steps) for prompt in stream.next()]
    return Dataset.from_dict({"prompt": [row.text for row in rows], "id": [row.id for row in rows]})


def _reward(case: Case, run: RunConfig, *, prompts: Sequence[Prompt], laps: Laps, eos: int) -> Any:  # noqa: ANN401
    task, known = task_of(case, run), {prompt.id: prompt for prompt in prompts}

    def reward(completions: list[str], completion_ids: list[list[int]], id: list[str], **_: Any) -> list[float]:  # noqa: A002, ANN401, PLR0917 - TRL names them
        """Scores of our task."""
        laps.tokens += sum(map(len, completion_ids))
        laps.rollouts += len(completions)
        responses = [
            Response(prompt=known[name], text=text, stop=stop_of(tokens, eos))
            for name, text, tokens in zip(id, completions, completion_ids, strict=True)
        ]
        return [float(verdict.reward) for verdict in task.score_many(responses)]

    return reward


def _arguments(case: Case, run: RunConfig, *, rows: int, output: Path) -> GRPOConfig:
    train = run.train
    mini_batch = run.rollouts_per_step // train.mini_batches
    rows = min(rows, mini_batch)
    parts = mini_batch // rows
    return GRPOConfig(
        output_dir=str(output),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        per_device_train_batch_size=rows,
        gradient_accumulation_steps=parts,
        steps_per_generation=parts * train.mini_batches,
        num_generations=case.rollouts,
        max_completion_length=train.max_response_tokens,
        max_steps=train.steps * train.mini_batches,
        shuffle_dataset=False,
        temperature=train.temperature,
        beta=0.0,
        epsilon=train.loss.clip_low,
        epsilon_high=train.loss.clip_high,
        delta=train.loss.dual_clip,
        loss_type="grpo",
        scale_rewards="group",
        learning_rate=train.optimizer.learning_rate,
        lr_scheduler_type="constant",
        weight_decay=train.optimizer.weight_decay,
        max_grad_norm=train.optimizer.max_grad_norm,
        optim="adamw_torch",
        logging_steps=NEVER,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=run.seed,
    )
