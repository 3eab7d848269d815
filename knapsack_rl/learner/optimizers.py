"""AdamW, with moments as wide as the weights, wider, or in 8 bits (torchao); how moments go into and out of them."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from knapsack_rl.base.errors import INSTALL_LARGE, ConfigError
from knapsack_rl.config import LearnerConfig, OptimizerConfig
from knapsack_rl.learner.wide_moments import WideMomentsAdamW


def build_optimizer(
    parameters: Iterable[nn.Parameter], optimizer: OptimizerConfig, *, compute: LearnerConfig
) -> torch.optim.Optimizer:
    """The optimiser that ``learner.optimizer`` names, its moments in ``learner.moments_dtype``.

    ``adamw_8bit`` and float32 moments round bfloat16 weights stochastically, so that updates smaller than their spacing
    still count.

    Raises:
        ConfigError: torchao is not installed.
    """
    learning_rate, weight_decay = optimizer.learning_rate, optimizer.weight_decay
    if compute.optimizer != "adamw_8bit":
        if compute.moments_in != compute.weights_dtype:
            return WideMomentsAdamW(parameters, learning_rate=learning_rate, weight_decay=weight_decay)
        return torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=weight_decay)
    try:
        from torchao.optim import AdamW8bit
    except ImportError as error:
        raise ConfigError(
            f"learner.optimizer: {compute.optimizer}, but {error.name or 'torchao'} is not installed;"
            f" `{INSTALL_LARGE}` or use adamw"
        ) from None
    eight_bit: torch.optim.Optimizer = AdamW8bit(
        parameters, lr=learning_rate, weight_decay=weight_decay, bf16_stochastic_round=True
    )
    return eight_bit


def plain(value: Tensor) -> Tensor:
    """A moment as ordinary numbers: gathered from all ranks if sharded, dequantised if it is kept in 8 bits."""
    from torch.distributed.tensor import DTensor

    if isinstance(value, DTensor):
        local = value.to_local()
        if hasattr(local, "dequantize") and type(local) is not Tensor:
            value = DTensor.from_local(
                local.dequantize(), value.device_mesh, value.placements, shape=value.shape, stride=value.stride()
            )
        value = value.full_tensor()
    elif hasattr(value, "codes"):
        value = value.dequantize()
    return value.detach()


def like(value: Tensor, target: Tensor, *, dtype: torch.dtype | None = None) -> Tensor:
    """``value``, whole, in the layout of ``target``: this rank's part of it if that is sharded.

    Args:
        value: the same on every rank.
        target: gives device and layout.
        dtype: precision; that of ``target`` if left out.
    """
    from torch.distributed.tensor import DTensor, distribute_tensor

    value = value.to(device=target.device, dtype=dtype or target.dtype)
    if not isinstance(target, DTensor):
        return value
    return distribute_tensor(value, target.device_mesh, target.placements, src_data_rank=None)


def set_moments(optimizer: torch.optim.Optimizer, parameter: nn.Parameter, *, moments: Mapping[str, Tensor]) -> None:
    """Put AdamW's state of one parameter back, in the form in which the optimiser keeps it."""
    new_buffer = getattr(optimizer, "_new_buffer", None)
    state: dict[str, Tensor] = {}
    for name, value in moments.items():
        if value.dim() == 0:
            state[name] = value
        elif new_buffer is None:
            state[name] = like(value, parameter, dtype=getattr(optimizer, "moments_dtype", None))
        else:  # 8 bits: quantised again
            state[name] = new_buffer(parameter, name == "exp_avg")
            state[name].copy_(like(value, parameter))
    optimizer.state[parameter] = state
