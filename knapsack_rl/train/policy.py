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
    """Check the memory, load the model, hand it to a learner.

    Raises:
        ConfigError: a library or the memory that the configuration needs is missing.
        InputError: the model cannot be loaded.
    """
    import torch

    from knapsack_rl.learner.policy import PolicyLearner
    from knapsack_rl.models import check_memory, load_model

    compute = config.learner
    if compute.check_memory:
        check_memory(model_folder, config, device=device)
    return PolicyLearner(
        load_model(model_folder, dtype=getattr(torch, compute.weights_dtype), device=device),
        tokenizer,
        train=config.resolved_train,
        compute=compute,
        ranks=ranks,
    )
