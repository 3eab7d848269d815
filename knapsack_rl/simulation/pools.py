"""Pools of prompts: how many are hopeless, how many solved, and how hard the rest is. ``_I`` = prompts of a pool."""

from dataclasses import dataclass

import numpy as np

from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.base.errors import InputError
from knapsack_rl.base.suggestion import suggest_and_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Distribution of true success rates.

    Example: ``Pool(name="even", zero_frac=0.1, one_frac=0.1, a=1.0, b=1.0)``: four fifths uniform between 0 and 1.
    """

    name: str
    zero_frac: float
    """Share of prompts with rate 0."""
    one_frac: float
    """Share of prompts with rate 1."""
    a: float
    """The others are Beta(a, b)."""
    b: float


POOLS = {
    pool.name: pool
    for pool in (
        Pool(name="hard", zero_frac=0.35, one_frac=0.05, a=0.6, b=1.6),
        Pool(name="middle", zero_frac=0.15, one_frac=0.15, a=0.65, b=0.7),
        Pool(name="late", zero_frac=0.15, one_frac=0.35, a=0.9, b=0.6),
    )
}
"""Early, middle and late training. The Beta parameters are ours: at 8 rollouts each they give the effective-gradient
ratios 0.40, 0.48 and 0.34, which is in the range that uniform GRPO shows at those stages."""


def find_pool(name: str) -> Pool:
    """The named pool.

    Raises:
        InputError: There is none; the message names the nearest.
    """
    if name in POOLS:
        return POOLS[name]
    raise InputError(f"unknown pool {name!r}; {suggest_and_list(name, POOLS)}")


def draw_rates(pool: Pool, num_prompts: int, *, rng: np.random.Generator) -> FloatArray:
    """True success rates of a pool's prompts, in random order; the shares of 0 and 1 are exact up to rounding.  [I]."""
    num_zero = round(pool.zero_frac * num_prompts)
    num_one = min(round(pool.one_frac * num_prompts), num_prompts - num_zero)
    between = rng.beta(pool.a, pool.b, size=num_prompts - num_zero - num_one)
    return rng.permutation(np.concatenate([np.zeros(num_zero), np.ones(num_one), between]))
