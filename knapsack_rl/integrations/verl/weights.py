"""Weights that a study keeps: copied out of verl's checkpoints, of which only the newest stay."""

import shutil
from pathlib import Path

from knapsack_rl.base.errors import InputError
from knapsack_rl.records import ensure_writable, swap_in, write_sums


def weights_folder(folder: Path, step: int) -> Path:
    """Where the weights after ``step`` are."""
    return folder / f"step_{step:05d}"


def keep_weights(checkpoint: Path, folder: Path, *, step: int) -> None:
    """Copy the weights of a checkpoint, which verl has saved in the transformers layout, with their digests.

    Raises:
        InputError: the checkpoint has none.
    """
    saved = checkpoint / "actor" / "huggingface"
    if not (saved / "config.json").is_file():
        raise InputError(
            f"{saved}: holds no weights; add hf_model to actor_rollout_ref.actor.checkpoint.save_contents, and put"
            " trainer.default_local_dir on a file system that all nodes share"
        )
    copy_weights(saved, weights_folder(folder, step))


def copy_weights(source: Path, target: Path) -> None:
    """Copy a model folder and write digests beside it; the copy appears whole."""
    new = target.with_name(f".{target.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    ensure_writable(target.parent)
    shutil.copytree(source, new)
    write_sums(new)
    swap_in(new, target)
