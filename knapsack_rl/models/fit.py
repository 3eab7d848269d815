"""Does a run fit the memory of a device, and if not, which settings would."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import torch

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import RunConfig
from knapsack_rl.models.memory import GIB, ModelSize, Need, Place, estimate, model_size

NOTHING_FITS = "no setting would fit; choose a smaller model or a larger device"
FRACTIONS = (0.35, 0.25, 0.15)
"""Smaller shares of a GPU's memory that vLLM may be given."""
PAIR = 2
"""GPUs that could share one engine of vLLM: a number that divides the attention heads of every model of the studies."""
NEARLY_ALL = 0.9
"""Largest share of the free memory that continuous batching may be given."""
ROWS = (256, 64, 16)
"""Fewer rollouts that may be decoded together on a CPU."""
Changes = dict[str, dict[str, Any]]
"""Section of a study -> its keys that would differ."""


def check_memory(folder: Path, run: RunConfig, *, device: torch.device) -> None:
    """Stop before loading if the run cannot fit the device.

    Raises:
        ConfigError: it cannot; the message names the smallest change of settings that would fit.
    """
    size, place = model_size(folder), Place(on_gpu=device.type == "cuda", memory=available_bytes(device))
    need = estimate(size, run, place=place)
    if need.peak <= place.memory:
        return
    raise ConfigError(
        f"{folder}: {describe(need)} on {device.type}, {place.memory / GIB:.2f} GiB are free;"
        f" {remedy(size, run, place=place)} (or `learner: {{check_memory: false}}` to try all the same)"
    )


def describe(need: Need) -> str:
    """``needs about 5.75 GiB to load, 12.30 GiB to update and 8.10 GiB to sample``."""
    load, update, sample = (f"{phase / GIB:.2f} GiB" for phase in (need.load, need.update, need.sample))
    return f"needs about {load} to load, {update} to update and {sample} to sample"


def available_bytes(device: torch.device) -> int:
    """Free memory of a device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)


def remedy(size: ModelSize, run: RunConfig, *, place: Place) -> str:
    """The least intrusive settings with which the run would fit, as they are written in a study."""
    for changes in _ladder(run, place=place):
        if estimate(size, with_changes(run, changes), place=place).peak <= place.memory:
            return f"{_text(changes)} would fit"
    return NOTHING_FITS


def with_changes(run: RunConfig, changes: Changes) -> RunConfig:
    """The run as it would be."""
    sections = {name: getattr(run, name).model_copy(update=keys) for name, keys in changes.items()}
    return run.model_copy(update=sections)


def _text(changes: Changes) -> str:
    parts = []
    for section, keys in changes.items():
        inside = ", ".join(f"{key}: {'null' if value is None else str(value).lower()}" for key, value in keys.items())
        parts.append(f"`{section}: {{{inside}}}`")
    return " and ".join(parts)


def _ladder(run: RunConfig, *, place: Place) -> Iterator[Changes]:
    """Changes from the least to the most intrusive: of the sampler, of the batch, then of the learner step by step."""
    learner: dict[str, Any] = {}
    tokens = run.train.micro_batch_tokens
    batches: list[dict[str, Any]] = [{}, *({"micro_batch_tokens": tokens // n} for n in (4, 16) if tokens >= n)]
    for step in _learner_steps(run, place=place):
        learner |= step
        wanted = {key: value for key, value in learner.items() if getattr(run.learner, key) != value}
        for train in batches:
            for sampler in _sampler_steps(run, place=place, gpus=learner.get("gpus", run.learner.gpus)):
                changes = {"learner": wanted, "train": train, "sampler": sampler}
                yield {section: dict(keys) for section, keys in changes.items() if keys}


def _learner_steps(run: RunConfig, *, place: Place) -> list[dict[str, Any]]:
    """Each on top of those before it."""
    steps: list[dict[str, Any]] = [{}, {"gradient_checkpointing": True}, {"dtype": "bfloat16"}]
    if run.learner.optimizer == "adamw":
        steps += [{"weights_dtype": "bfloat16", "moments_dtype": "float32"}]
        steps += [{"moments_dtype": None, "optimizer": "adamw_8bit"}]
    if not place.on_gpu:
        return steps
    shared = run.sampler.ranks_per_engine
    return steps + [{"gpus": count} for count in (2, 4, 8) if count > run.learner.gpus and count % shared == 0]


def _sampler_steps(run: RunConfig, *, place: Place, gpus: int) -> list[dict[str, Any]]:
    sampler = run.sampler
    if sampler.kind == "vllm" and place.on_gpu:
        shares = [{"memory_fraction": share} for share in FRACTIONS if share < sampler.memory_fraction]
        asleep: list[dict[str, Any]] = [{"sleep": True}, *({"sleep": True, **share} for share in shares)]
        steps = [{}, *shares, *([] if sampler.sleep else asleep)]
        pairs = sampler.tensor_parallel == 1 and gpus % PAIR == 0 and sampler.seeds == "rollout"
        return steps + ([step | {"tensor_parallel": PAIR} for step in steps] if pairs else [])
    if sampler.kind == "vllm":
        return [{}]
    if place.on_gpu:
        return [{}, *([{"memory_fraction": NEARLY_ALL}] if sampler.memory_fraction < NEARLY_ALL else [])]
    return [{}, *({"max_rows": rows} for rows in ROWS if rows < sampler.max_rows)]
