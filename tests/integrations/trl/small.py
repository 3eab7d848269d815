"""Trainers of one small model: rewards of known rates, 12 prompts, 4 of them with 4 completions in a batch."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from transformers.trainer_callback import PrinterCallback, ProgressCallback

pytest.importorskip("trl", reason="TRL is not installed: make test-trl")

from trl import GRPOConfig, GRPOTrainer

from knapsack_rl.integrations.trl import KnapsackGRPOTrainer
from knapsack_rl.models import load_model, load_tokenizer

NUM_PROMPTS = 12
OF_TRL = ("step_time", "runtime", "per_second", "knapsack/", "profiling")
"""Parts of the names of logged values that are not TRL's, or tell the time."""


def reward(completions, id, **_):  # noqa: A002 - TRL names it after the column
    """1 with a probability that depends on the prompt: its number of 12, by the sum of what was sampled."""
    return [float(sum(map(ord, text)) % 13 > int(name)) for text, name in zip(completions, id, strict=True)]


def graded(completions, **_):
    """Between 0 and 1."""
    return [(sum(map(ord, text)) % 7) / 7 for text in completions]


def rows(num_prompts=NUM_PROMPTS):
    """Prompts of unequal length."""
    prompts = [f"{number % 10}{'+1' * (number % 3)}=" for number in range(num_prompts)]
    return Dataset.from_dict({"prompt": prompts, "id": [str(number) for number in range(num_prompts)]})


@dataclass(frozen=True)
class Small:
    """Makes trainers that start from the same weights."""

    model_folder: Path
    root: Path

    def options(self, name="run", **changed):
        """Arguments of TRL: a batch of 16 completions for two optimiser steps, unless changed."""
        values = {
            "output_dir": str(self.root / name),
            "use_cpu": True,
            "bf16": False,
            "gradient_checkpointing": False,
            "per_device_train_batch_size": 8,
            "steps_per_generation": 2,
            "num_generations": 4,
            "max_completion_length": 6,
            "max_steps": 5,
            "learning_rate": 1e-2,
            "logging_steps": 1,
            "save_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
            "seed": 7,
        }
        return GRPOConfig(**(values | changed))

    def make(self, kind=KnapsackGRPOTrainer, *, name="run", rewards=reward, dataset=None, given=None, **changed):
        """A trainer; ``given`` are arguments of the trainer, ``changed`` those of its configuration."""
        trainer = kind(
            model=load_model(self.model_folder, dtype=torch.float32, device=torch.device("cpu")),
            reward_funcs=rewards,
            args=self.options(name, **changed),
            train_dataset=rows() if dataset is None else dataset,
            processing_class=load_tokenizer(self.model_folder),
            **(given or {}),
        )
        for each in (PrinterCallback, ProgressCallback):
            trainer.remove_callback(each)
        return trainer

    def stock(self, **options):
        """TRL's own trainer."""
        return self.make(GRPOTrainer, **options)


def weights(trainer):
    """What was trained."""
    return {name: value.detach().clone() for name, value in trainer.model.state_dict().items()}


def same(first, second):
    """Whether two sets of weights are the same, bit for bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def logged(trainer):
    """What TRL logs, without what tells the time."""
    return [
        {key: value for key, value in entry.items() if not any(part in key for part in OF_TRL)}
        for entry in trainer.state.log_history
    ]


class Watch:
    """Notes every batch that a trainer deals and scores."""

    def __init__(self, trainer):
        self.batches = []
        learn = trainer.allocator.observe

        def observe(dealt, rewards):
            self.batches.append((dealt, [group.tolist() for group in rewards]))
            learn(dealt, rewards)

        trainer.allocator.observe = observe
