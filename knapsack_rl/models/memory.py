"""How much memory a run will need, before anything is loaded. The formula is explained in docs/scaling.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import LearnerConfig, TrainConfig
from knapsack_rl.models.meta import meta_model

BYTES = {"float32": 4, "bfloat16": 2}
GIB = 2**30
ACTIVATIONS_PER_TOKEN = 34
"""Numbers a transformer block keeps per token and hidden unit for its backward pass, attention not materialised
(arXiv 2205.05198 Table 2, without the quadratic term and without dropout masks)."""


@dataclass(frozen=True, slots=True)
class ModelSize:
    """What the estimate needs to know of a model."""

    num_parameters: int
    num_layers: int
    hidden_size: int
    vocabulary: int


def model_size(folder: Path) -> ModelSize:
    """Size of the model in ``folder``, from its configuration alone (no weights are read).

    Raises:
        InputError: an architecture that transformers does not know as a causal language model.
    """
    model = meta_model(folder)
    text = model.config.get_text_config()
    return ModelSize(
        sum(parameter.numel() for parameter in model.parameters()),
        text.num_hidden_layers,
        text.hidden_size,
        text.vocab_size,
    )


def estimate_bytes(size: ModelSize, learner: LearnerConfig, *, train: TrainConfig) -> int:
    """Peak bytes on each device while a mini-batch is updated, the sampler's copy of the model included."""
    weight, product = BYTES[learner.weights_dtype], BYTES[learner.dtype]
    moments = {"adamw": 2 * weight, "adamw_8bit": 2, "adamw_offload": 0}[learner.optimizer]
    shared = size.num_parameters * (2 * weight + moments + (weight if train.kl_coef else 0)) / learner.gpus
    copies = size.num_parameters * (product if weight != product or learner.gpus > 1 else 0)
    sampler = size.num_parameters * product
    per_block = 2 if learner.gradient_checkpointing else ACTIVATIONS_PER_TOKEN
    tokens = train.micro_batch_tokens
    activations = tokens * size.hidden_size * product * (per_block * size.num_layers + ACTIVATIONS_PER_TOKEN)
    logits = 4 * 4 * min(tokens * size.vocabulary, learner.max_logits)
    return int(shared + copies + sampler + activations + logits)


def check_memory(folder: Path, learner: LearnerConfig, *, train: TrainConfig, device: torch.device) -> None:
    """Stop before loading if the run cannot fit the device.

    Raises:
        ConfigError: it cannot; the message names the smallest change of settings that would fit.
    """
    size = model_size(folder)
    needed, available = estimate_bytes(size, learner, train=train), available_bytes(device)
    if device.type == "cpu":
        needed *= learner.gpus  # the processes share the host's memory
    if needed <= available:
        return
    remedy = next(
        (
            text
            for text, smaller, shorter in _remedies(learner, train)
            if estimate_bytes(size, smaller, train=shorter) * (smaller.gpus if device.type == "cpu" else 1) <= available
        ),
        "no setting would fit; choose a smaller model or a larger device",
    )
    raise ConfigError(
        f"{folder}: training needs about {needed / GIB:.2f} GiB on {device.type}, {available / GIB:.2f} GiB are free;"
        f" {remedy} (or `learner: {{check_memory: false}}` to try all the same)"
    )


def available_bytes(device: torch.device) -> int:
    """Free memory of a device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)


def _remedies(learner: LearnerConfig, train: TrainConfig) -> Iterator[tuple[str, LearnerConfig, TrainConfig]]:
    """Settings from the least to the most intrusive, each on top of those before it."""
    changes: dict[str, Any] = {}
    tokens = train.micro_batch_tokens
    steps: list[dict[str, Any]] = [{}, {"gradient_checkpointing": True}, {"dtype": "bfloat16"}]
    steps += [{"weights_dtype": "bfloat16", "optimizer": "adamw_8bit"}]
    steps += [{"gpus": count} for count in (2, 4, 8) if count > learner.gpus and learner.device != "cpu"]
    for step in steps:
        changes |= {key: value for key, value in step.items() if getattr(learner, key) != value}
        for count in (tokens, tokens // 4):
            parts = [f"{key}: {str(value).lower()}" for key, value in changes.items()]
            text = f"`learner: {{{', '.join(parts)}}}`" if parts else ""
            if count != tokens:
                text += f"{' and ' if text else ''}`train: {{micro_batch_tokens: {count}}}`"
            if text:
                yield (
                    f"{text} would fit",
                    learner.model_copy(update=changes),
                    train.model_copy(update={"micro_batch_tokens": max(1, count)}),
                )
