"""From a run of a study to the arguments of TRL's trainer."""

from pathlib import Path
from typing import Any

import torch
from trl import GRPOConfig

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.config import RunConfig
from knapsack_rl.integrations.settings import AllocationSettings
from knapsack_rl.tasks import Task

LOSS_TYPES = {"token": "dapo", "sequence": "grpo"}
"""TRL's names of our loss aggregations.

DEVIATION: ``dapo`` divides the loss of each mini-batch by the mean number of tokens of the step's mini-batches; ours by
those of the mini-batch itself.
"""
SCALES = {"std": "group", "none": "none"}
"""TRL's names of our advantages."""


def allocation_settings(config: RunConfig, *, task: Task[Any]) -> AllocationSettings:
    """The arm's rule, and what the task calls right.

    Raises:
        ConfigError: TRL cannot serve it.
    """
    return AllocationSettings(
        strategy=config.arm.strategy,
        options=config.arm.options,
        belief=config.arm.belief,
        belief_options=config.arm.belief_options,
        low=config.train.low,
        high=config.train.high,
        seed=config.seed,
        success_threshold=task.success_at if task.partial_credit else None,
    )


def grpo_arguments(config: RunConfig, *, output: Path, longest_prompt: int) -> GRPOConfig:
    """Arguments under which TRL's trainer does the run's steps: one generation batch, ``mini_batches`` updates each.

    Args:
        config: the run.
        output: folder of TRL's checkpoints.
        longest_prompt: tokens of the longest prompt, which bounds the rows that are pushed through the model at once.
    """
    train, mini_batch = config.train, config.rollouts_per_step // config.train.mini_batches
    rows = micro_batch(mini_batch, at_most=train.micro_batch_tokens // (train.max_response_tokens + longest_prompt))
    parts = mini_batch // rows
    on_cpu = config.learner.device == "cpu" or not torch.cuda.is_available()
    return GRPOConfig(
        output_dir=str(output),
        use_cpu=on_cpu,
        bf16=config.learner.dtype == "bfloat16",
        gradient_checkpointing=config.learner.gradient_checkpointing,
        per_device_train_batch_size=rows,
        gradient_accumulation_steps=parts,
        steps_per_generation=parts * train.mini_batches,
        num_generations=config.budget,
        max_completion_length=train.max_response_tokens,
        max_steps=train.steps * train.mini_batches,
        temperature=train.temperature,
        beta=0.0,
        epsilon=train.loss.clip_low,
        epsilon_high=train.loss.clip_high,
        delta=train.loss.dual_clip,
        loss_type=LOSS_TYPES[train.loss.aggregation],
        scale_rewards=SCALES[train.loss.advantage],
        learning_rate=train.optimizer.learning_rate,
        lr_scheduler_type="constant",
        weight_decay=train.optimizer.weight_decay,
        max_grad_norm=train.optimizer.max_grad_norm,
        optim="adamw_torch",
        save_strategy="steps",
        save_steps=train.save_every * train.mini_batches,
        save_total_limit=2,
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        seed=derive_seed(config.seed, "trl") % 2**32,
    )


def micro_batch(mini_batch: int, *, at_most: int) -> int:
    """The largest divisor of a mini-batch that is at most ``at_most``, and at least 1."""
    return max(rows for rows in range(1, mini_batch + 1) if mini_batch % rows == 0 and rows <= max(1, at_most))
