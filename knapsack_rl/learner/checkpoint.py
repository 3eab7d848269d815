"""Weights and AdamW moments as safetensors: no pickle, exact to the bit."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import PreTrainedModel

from knapsack_rl.base.errors import StateError

FILE = "learner.safetensors"


def save_optimizer(folder: Path, model: PreTrainedModel, *, optimizer: torch.optim.Optimizer) -> None:
    """Write ``learner.safetensors``: ``weight/<name>`` and, once a step was taken, ``<moment>/<name>``."""
    tensors: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        tensors[f"weight/{name}"] = parameter.detach()
        for moment, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{moment}/{name}"] = value
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / FILE)


def load_optimizer(folder: Path, model: PreTrainedModel, *, optimizer: torch.optim.Optimizer) -> None:
    """Put weights and moments back, in place.

    Raises:
        StateError: the file is missing, truncated or of another model.
    """
    path = folder / FILE
    try:
        tensors = load_file(path)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(tensors.pop(f"weight/{name}"))
                moments = [key for key in tensors if key.split("/", 1)[1] == name]
                if moments:
                    optimizer.state[parameter] = {key.split("/", 1)[0]: tensors.pop(key) for key in moments}
        leftover = next(iter(tensors), None)
    except (SafetensorError, OSError, KeyError, RuntimeError) as error:
        raise StateError(
            f"{path}: truncated or of another model ({type(error).__name__}: {error});"
            f" delete {folder} to resume from the save before it"
        ) from None
    if leftover is not None:
        raise StateError(f"{path}: holds {leftover}, which this model lacks; delete {folder.parent} to start over")
