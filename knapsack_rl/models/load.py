"""Load and save models; a missing or damaged folder is one clear line."""

import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from knapsack_rl.base.errors import InputError
from knapsack_rl.records import ensure_writable

transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()


def load_model(folder: Path, *, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The causal language model in ``folder``, in evaluation mode.

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
    return model.eval()


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


def save_model(folder: Path, model: PreTrainedModel, *, tokenizer: Any) -> None:  # noqa: ANN401 - any HF tokenizer
    """Write model (safetensors) and tokenizer to ``folder``; it appears whole or not at all."""
    ensure_writable(folder.parent)
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    model.save_pretrained(temporary)
    tokenizer.save_pretrained(temporary)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)


def _require(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: no model there (config.json not found); give a folder in the transformers layout")
