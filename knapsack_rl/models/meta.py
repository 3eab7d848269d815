"""A model without its weights: what its configuration alone says. Nothing is read but config.json."""

from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from knapsack_rl.base.errors import InputError


def meta_model(folder: Path) -> PreTrainedModel:
    """The model of ``folder`` with the shapes of its weights and no memory for them.

    Raises:
        InputError: an architecture that transformers does not know as a causal language model.
    """
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        with torch.device("meta"):
            return AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{folder}/config.json: no causal language model that transformers knows ({reason}); choose another model"
        ) from None


def weight_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Shape of every weight by its name, as ``state_dict`` names them: tied ones under each of their names.

    Raises:
        InputError: as ``meta_model``.
    """
    return {name: tuple(weight.shape) for name, weight in meta_model(folder).state_dict().items()}
