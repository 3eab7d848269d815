"""AdamW for bfloat16 weights with moments in float32: half the memory of master weights, and no update lost."""

from collections.abc import Callable, Iterable
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.optim.adamw import adamw

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.learner.ranks import local

LOW_BITS = 16
"""Bits of a float32 that a bfloat16 lacks."""


class WideMomentsAdamW(torch.optim.AdamW):
    """AdamW computed in float32 (torch's own arithmetic), its result rounded stochastically to bfloat16.

    Rounding to nearest would drop every update below half the spacing of a weight (1/256 of its size), that is nearly
    all of them. The random numbers derive from the number of the step, the weight's place and the rank, so that a run
    that resumes rounds as one that was never interrupted.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], *, learning_rate: float, weight_decay: float) -> None:
        super().__init__(parameters, lr=learning_rate, weight_decay=weight_decay)
        self.moments_dtype = torch.float32

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step for every weight that has a gradient."""
        del closure  # torch's signature; gradients are there already
        place = 0
        for group in self.param_groups:
            for parameter in group["params"]:
                place += 1
                if parameter.grad is not None:
                    self._step_one(parameter, group, place=place)

    def _step_one(self, parameter: nn.Parameter, group: dict[str, Any], *, place: int) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.tensor(0.0)
            state["exp_avg"] = torch.zeros_like(parameter, dtype=self.moments_dtype)
            state["exp_avg_sq"] = torch.zeros_like(parameter, dtype=self.moments_dtype)
        weight = local(parameter)
        wide = weight.to(self.moments_dtype)
        adamw(
            [wide],
            [local(cast("Tensor", parameter.grad)).to(self.moments_dtype)],
            [local(state["exp_avg"])],
            [local(state["exp_avg_sq"])],
            [],
            [state["step"]],
            foreach=False,
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )
        rank = dist.get_rank() if dist.is_initialized() else 0
        seed = derive_seed("rounding", int(state["step"]), place, rank)
        weight.copy_(round_stochastically(wide, seed=seed))


def round_stochastically(values: Tensor, *, seed: int) -> Tensor:
    """float32 to bfloat16, up or down with the probability that keeps the mean; exact values stay as they are."""
    generator = torch.Generator(device=values.device).manual_seed(seed % 2**63)
    noise = torch.randint(0, 2**LOW_BITS, values.shape, dtype=torch.int32, device=values.device, generator=generator)
    kept = values.view(torch.int32).add(noise).bitwise_and(-(2**LOW_BITS))
    # Added to the bits of an infinity or a NaN, noise would make another number of it.
    return torch.where(values.isfinite(), kept.view(torch.float32), values).bfloat16()
