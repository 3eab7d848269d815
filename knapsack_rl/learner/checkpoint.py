"""Weights and AdamW moments as safetensors: no pickle, exact to the bit, whole tensors whatever the number of ranks."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import PreTrainedModel

from knapsack_rl.base.errors import StateError
from knapsack_rl.learner.optimizers import like, plain, set_moments

FILE = "learner.safetensors"


def optimizer_tensors(model: PreTrainedModel, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """``weight/<name>`` and, once a step was taken, ``<moment>/<name>``, on the host; every rank must call it."""
    tensors: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        tensors[f"weight/{name}"] = plain(parameter).cpu()
        for moment, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{moment}/{name}"] = plain(value).cpu()
    return tensors


def save_optimizer(folder: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write ``learner.safetensors``."""
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / FILE)


def load_optimizer(folder: Path, model: PreTrainedModel, *, optimizer: torch.optim.Optimizer) -> None:
    """Put weights and moments back, in place.

    Raises:
        StateError: the file is missing, truncated or of another model.
    """
    path = folder / FILE
    try:
        tensors = load_file(path)
        _check_shapes(path, tensors, model=model)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(like(tensors.pop(f"weight/{name}"), parameter))
                moments = [key for key in tensors if key.split("/", 1)[1] == name]
                if moments:
                    mine = {key.split("/", 1)[0]: tensors.pop(key) for key in moments}
                    set_moments(optimizer, parameter, moments=mine)
    except (SafetensorError, OSError, KeyError, RuntimeError) as error:
        raise StateError(
            f"{path}: truncated or of another model ({type(error).__name__}: {error});"
            f" delete {folder} to resume from the save before it"
        ) from None


def _check_shapes(path: Path, tensors: Mapping[str, Tensor], *, model: PreTrainedModel) -> None:
    """Name the first tensor that tells another architecture, before any is copied."""
    expected = {f"weight/{name}": tuple(parameter.shape) for name, parameter in model.named_parameters()}
    for key, shape in expected.items():
        found = tuple(tensors[key].shape) if key in tensors else None
        if found != shape:
            raise StateError(
                f"{path}: of another architecture ({key} is {found or 'missing'}, this model has {shape});"
                f" delete {path.parent.parent} to start over"
            )
    names = {key.split("/", 1)[1] for key in expected}
    extra = next((key for key in tensors if key.split("/", 1)[1] not in names), None)
    if extra is not None:
        raise StateError(
            f"{path}: of another architecture (it holds {extra}, which this model lacks);"
            f" delete {path.parent.parent} to start over"
        )
