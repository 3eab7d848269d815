"""Supervised learning from demonstrations: how a small base model comes to be."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.config import PretrainConfig

ROWS_PER_PART = 32
"""A batch is sorted by length and run in parts of this many rows, which keeps padding small."""
IGNORED = -100


def imitate(
    model: PreTrainedModel,
    sequences: Sequence[tuple[Sequence[int], Sequence[int]]],
    *,
    config: PretrainConfig,
    seed: int,
    on_step: Callable[[int, float], None],
) -> None:
    """Minimise cross-entropy of the responses given the prompts, in place.

    Args:
        model: causal language model.
        sequences: (prompt tokens, response tokens) pairs; only response tokens are predicted.
        config: steps, batch size, AdamW with linear warm-up and cosine decay to a tenth.
        seed: order of the demonstrations.
        on_step: called after each optimiser step with (1-based step, mean loss per response token).
    """
    rng = np.random.default_rng(derive_seed(seed, "imitation"))
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    model.train()
    for step in range(1, config.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * schedule(step, config)
        chosen = rng.integers(0, len(sequences), size=config.batch_size)
        loss = _backward(model, [sequences[int(index)] for index in chosen])
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        on_step(step, loss)
    model.eval()


def schedule(step: int, config: PretrainConfig) -> float:
    """Learning-rate factor in 0.1..1 at a 1-based step: linear warm-up, then cosine decay to 0.1."""
    if step <= config.warmup_steps:
        return step / config.warmup_steps
    progress = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    return 0.55 + 0.45 * math.cos(math.pi * progress)


def _backward(model: PreTrainedModel, rows: Sequence[tuple[Sequence[int], Sequence[int]]]) -> float:
    num_targets = sum(len(response) for _, response in rows)
    ordered = sorted(rows, key=lambda row: len(row[0]) + len(row[1]))
    total = 0.0
    for start in range(0, len(ordered), ROWS_PER_PART):
        ids, labels = _pad(ordered[start : start + ROWS_PER_PART], model.device)
        logits = model(ids[:, :-1], use_cache=False).logits.float()
        loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED, reduction="sum"
        )
        (loss / num_targets).backward()
        total += loss.item()
    return total / num_targets


def _pad(rows: Sequence[tuple[Sequence[int], Sequence[int]]], device: torch.device) -> tuple[Tensor, Tensor]:
    width = max(len(prompt) + len(response) for prompt, response in rows)
    ids = torch.zeros((len(rows), width), dtype=torch.long)
    labels = torch.full((len(rows), width), IGNORED)
    for index, (prompt, response) in enumerate(rows):
        end = len(prompt) + len(response)
        ids[index, :end] = torch.tensor([*prompt, *response])
        labels[index, len(prompt) : end] = torch.tensor(list(response))
    return ids.to(device), labels.to(device)
