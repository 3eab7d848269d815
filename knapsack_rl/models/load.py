"""Load and save models; a missing or damaged folder is one clear line."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from knapsack_rl.base.disk import writing_to
from knapsack_rl.base.errors import InputError
from knapsack_rl.records.atomic import destination_folder

transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()
CPU = torch.device("cpu")


def load_model(folder: Path, *, dtype: torch.dtype = torch.float32, device: torch.device = CPU) -> PreTrainedModel:
    """The causal language model in ``folder``, in evaluation mode, on ``device``.

    Remote code is never run and nothing is downloaded.

    Raises:
        InputError: no model there, or its weights are truncated or of another shape.
    """
    _require(folder)
    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=dtype,
            local_files_only=True,
            trust_remote_code=False,
            attn_implementation="sdpa",
            output_loading_info=True,
        )
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{folder}: weights cannot be loaded ({reason}); delete the folder and make it again"
        ) from None
    # transformers fills a missing weight with random numbers and drops one it does not know, without an error.
    for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if info[problem]:
            raise InputError(
                f"{folder}: {problem.replace('_', ' ')} in the weights ({min(map(str, info[problem]))});"
                " the file does not belong to this config.json: make the folder again"
            )
    return model.eval().to(device)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer in ``folder``.

    Raises:
        InputError: there is none.
    """
    _require(folder)
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{folder}: tokenizer cannot be loaded ({reason}); copy it beside the weights") from None


def save_model(
    folder: Path,
    model: PreTrainedModel,
    *,
    tokenizer: Any,  # noqa: ANN401 - any HF tokenizer
    weights: Mapping[str, torch.Tensor] | None = None,
    card: str = "",
) -> None:
    """Write model (safetensors), tokenizer and model card to ``folder``; it appears whole or not at all.

    Args:
        folder: where to.
        model: the model; gives the configuration, and the weights unless they are given.
        tokenizer: written beside it.
        weights: weights by name, of a model that holds only a part of them.
        card: text of ``README.md``; none is written if empty.

    Raises:
        OutputError: it cannot be written, or ``folder`` is a file, FIFO or device.
    """
    folder = destination_folder(folder)
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    with writing_to(folder.parent):
        model.save_pretrained(temporary, state_dict=None if weights is None else dict(weights))
        tokenizer.save_pretrained(temporary)
        if weights is not None:
            _set_dtype(temporary / "config.json", next(iter(weights.values())).dtype)
        if card:
            (temporary / "README.md").write_text(card, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)


def _set_dtype(path: Path, dtype: torch.dtype) -> None:
    """Say in the configuration what the weights are stored in; transformers wrote what the model computes in."""
    config = json.loads(path.read_text(encoding="utf-8")) | {"dtype": str(dtype).removeprefix("torch.")}
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _require(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: no model there (config.json not found); give a folder in the transformers layout")
