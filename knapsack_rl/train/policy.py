"""The learner of a run, built from its resolved configuration. Imports torch on use."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from knapsack_rl.base.ranks import Ranks
from knapsack_rl.config import RunConfig
from knapsack_rl.learner import Learner

if TYPE_CHECKING:
    import torch


def build_learner(
    config: RunConfig,
    model_folder: Path,
    *,
    tokenizer: Any,  # noqa: ANN401 - any HF tokenizer
    device: "torch.device",
    ranks: Ranks,
) -> Learner:
    """Check kernel and memory, load the model, hand it to a learner.

    Raises:
        ConfigError: a library or the memory that the configuration needs is missing.
        InputError: the model cannot be loaded.
    """
    import torch

    from knapsack_rl.learner.logprobs import check_kernel
    from knapsack_rl.learner.loss import LossOptions
    from knapsack_rl.learner.policy import OptimizerOptions, PolicyLearner
    from knapsack_rl.models import check_memory, load_model

    train, compute = config.train, config.learner
    check_kernel(compute.logprobs, device=device, entropy_coef=train.entropy_coef)
    if compute.check_memory:
        check_memory(model_folder, config, device=device)
    return PolicyLearner(
        load_model(model_folder, dtype=getattr(torch, compute.weights_dtype), device=device),
        tokenizer,
        loss=LossOptions(
            clip_low=train.clip_low,
            clip_high=train.clip_high,
            dual_clip=train.dual_clip,
            kl_coef=train.kl_coef,
            entropy_coef=train.entropy_coef,
            tis_cap=config.tis_cap,
        ),
        optimizer=OptimizerOptions(
            learning_rate=train.learning_rate,
            weight_decay=train.weight_decay,
            max_grad_norm=train.max_grad_norm,
            micro_batch_tokens=train.micro_batch_tokens,
            temperature=train.temperature,
            compute=compute,
        ),
        ranks=ranks,
    )
