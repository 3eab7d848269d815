"""New weights for a model that a sampler holds."""

from collections.abc import Mapping
from typing import Any

import torch
from transformers import PreTrainedModel


@torch.no_grad()
def copy_weights(model: PreTrainedModel, weights: Mapping[str, Any]) -> None:
    """Copy weights by name, in place and into the precision of ``model``.

    One by one: a sharded learner gathers each when it is asked for, so that a second whole model is never held.

    Raises:
        RuntimeError: a name is missing or unexpected; none is ever skipped.
    """
    mine = model.state_dict()
    wrong = sorted(mine.keys() ^ weights.keys())
    if wrong:
        raise RuntimeError(f"weights of another model: {wrong[0]} is missing or unexpected")
    for name, tensor in weights.items():
        mine[name].copy_(tensor)
