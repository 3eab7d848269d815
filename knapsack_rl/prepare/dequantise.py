"""Base models from a GGUF file: read once, in float32, into a folder in the transformers layout."""

import json
import shutil
from pathlib import Path
from typing import Any

from knapsack_rl.base.disk import writing_to
from knapsack_rl.base.errors import InputError
from knapsack_rl.base.packaged import locate, require_gguf
from knapsack_rl.records import sha256_of, write_json
from knapsack_rl.records.atomic import destination_folder, swap_in

RECEIPT = "dequantised.json"


def dequantise_model(gguf: str, *, folder: Path, key: str = "gguf") -> None:
    """Write weights (float32), configuration and tokenizer of a GGUF file to ``folder``, which appears whole.

    ``dequantised.json`` beside them names the file as the study does, and its sha256.

    Args:
        gguf: a path, or ``package:<package>/<file>``.
        folder: where the model goes; an older one there is replaced.
        key: what an error names, for example ``models.smollm2.gguf``.

    Raises:
        InputError: no such file, a library is missing, or transformers cannot read the file.
        OutputError: the folder cannot be written.
    """
    require_gguf(key)
    path = locate(gguf, key=key)
    target = destination_folder(folder)
    scratch = target.with_name(f".{target.name}.new")
    shutil.rmtree(scratch, ignore_errors=True)
    model, tokenizer = _read(path, key=key)
    with writing_to(target.parent):
        model.save_pretrained(scratch)
        tokenizer.save_pretrained(scratch)
        write_json(scratch / RECEIPT, {"gguf": gguf, "sha256": sha256_of(path)})
        swap_in(scratch, target)


def check_dequantised(folder: Path, gguf: str) -> None:
    """Raise unless ``folder`` was made from that file.

    Raises:
        InputError: it holds another model, or none.
    """
    try:
        receipt = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        receipt = {}
    if receipt.get("gguf") != gguf:
        raise InputError(f"{folder}: was not made from {gguf}; make it again with `snakemake --cores 1 base_models`")


def _read(path: Path, *, key: str) -> tuple[Any, Any]:
    """Model and tokenizer; the model is a fresh one that the weights were copied into.

    The one that transformers returns is marked as quantised, and it refuses to save such a model as something else.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        read = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    except Exception as error:  # noqa: BLE001 - a damaged file fails anywhere inside two libraries
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise InputError(f"{key}: {path.name} cannot be read as GGUF ({reason}); check the file") from None
    config = read.config
    for mark in ("quantization_config", "_model_name_or_path"):
        config.__dict__.pop(mark, None)  # the second is the file's free text about itself
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.load_state_dict(read.state_dict())
    return model, tokenizer
