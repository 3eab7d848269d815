"""Where a model runs."""

import os

import torch

from knapsack_rl.base.errors import ConfigError


def pick_device(name: str, *, gpus: int = 1) -> torch.device:
    """The device that ``learner.device`` names, for this process.

    ``auto`` is a GPU where torch sees one. With several processes each takes the GPU of its number on its machine.

    Raises:
        ConfigError: a GPU is asked for, or more of them than there are.
    """
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and found == 0):
        return torch.device("cpu")
    if found == 0:
        raise ConfigError(
            f"learner.device: {name}, but torch {torch.__version__} sees no GPU; use `device: auto` or `cpu`,"
            " or install a torch build and driver for your GPU"
        )
    if found < gpus:
        raise ConfigError(f"learner.gpus: {gpus}, but torch sees {found} of them; lower it to {found}")
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    if local_rank:  # otherwise torch is there already, and a process that only launches ranks takes no memory
        torch.cuda.set_device(local_rank)
    return torch.device("cuda", local_rank)
