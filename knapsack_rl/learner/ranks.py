"""Ranks that torchrun started, over torch.distributed; and a learner's weights sharded among them (FSDP2)."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor

from knapsack_rl.learner.scorer import Scorer

TIMEOUT = timedelta(minutes=60)
"""A rank may wait this long for the others: the longest sampling phase."""


class TorchRanks:
    """All ranks of the default process group."""

    def __init__(self) -> None:
        self.rank = dist.get_rank()
        self.size = dist.get_world_size()

    def gather(self, value: Any) -> list[Any]:  # noqa: ANN401 - any record
        """The value of every rank, pickled between processes of this one job."""
        values: list[Any] = [None] * self.size
        dist.all_gather_object(values, value)
        return values


def join_ranks() -> TorchRanks:
    """Join the process group that torchrun's environment variables describe (RANK, WORLD_SIZE, ...)."""
    if not dist.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        dist.init_process_group(backend, timeout=TIMEOUT)
    return TorchRanks()


def shard(scorer: Scorer, *, device: torch.device, half: bool) -> None:
    """Shard a model over all ranks, block by block, in place.

    Gradients are summed over ranks, not averaged: weights of rows have denominators of the whole mini-batch.

    Args:
        scorer: model with its scoring; the head and embeddings are sharded as part of it.
        device: kind of device the weights are gathered on.
        half: multiply in bfloat16, reduce gradients in float32.
    """
    mesh = init_device_mesh(device.type, (dist.get_world_size(),))
    precision = MixedPrecisionPolicy(torch.bfloat16, torch.float32) if half else MixedPrecisionPolicy()
    for block in (*scorer.model.base_model.layers, scorer):
        fully_shard(block, mesh=mesh, mp_policy=precision)
    for module in scorer.modules():
        if isinstance(module, FSDPModule):
            module.set_gradient_divide_factor(1.0)
            module.set_force_sum_reduction_for_comms(True)


def drop_gathered(scorer: Scorer) -> None:
    """Go back to this rank's shards of the head and embeddings, which a pass without gradients leaves gathered.

    The optimiser steps the shards; the next pass would go on with what was gathered before.
    """
    if isinstance(scorer, FSDPModule):
        scorer.reshard()


def full(tensor: Tensor) -> Tensor:
    """The whole tensor, gathered from all ranks if it is sharded; every rank must ask."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def local(tensor: Tensor) -> Tensor:
    """This rank's part of a tensor if it is sharded, else the tensor itself; no other rank is asked."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


class FullWeights(Mapping[str, Tensor]):
    """Weights by name, each gathered when it is asked for, so that a second whole model is never held."""

    def __init__(self, model: nn.Module) -> None:
        self._sharded = model.state_dict()

    def __getitem__(self, name: str) -> Tensor:
        """One whole tensor; every rank must ask for the same ones in the same order."""
        return full(self._sharded[name]).detach()

    def __iter__(self) -> Iterator[str]:
        """Names in the order of the model."""
        return iter(self._sharded)

    def __len__(self) -> int:
        """Number of tensors."""
        return len(self._sharded)
