"""The gradient of one group of rollouts on a bandit with one logit, and its expectation at a fixed size, exactly."""

from functools import cache

import numpy as np
from scipy import stats

from knapsack_rl.grpo import group_advantages
from knapsack_rl.grpo.advantage import Advantage

ADVANTAGE_CLIP = 5.0
"""As in training."""


@cache
def group_gradient(size: int, won: int, *, rate: float, advantage: Advantage) -> float:
    """Mean over a group's rollouts of advantage times score, ``A (r - p)``, with ``won`` right of ``size``."""
    if not size:
        return 0.0
    rewards_G = np.repeat([1.0, 0.0], [won, size - won])
    (advantages_G,) = group_advantages([rewards_G.tolist()], clip=ADVANTAGE_CLIP, advantage=advantage)
    return float(np.mean(advantages_G * (rewards_G - rate)))


@cache
def advantage_factor(size: int, rate: float, *, advantage: Advantage) -> float:
    """Expected gradient of a group of a fixed size over the true one, p q: exactly, over all numbers of successes.

    1 for ``rloo`` from two rollouts on, ``(N - 1) / N`` for ``none``.
    """
    chance_N = stats.binom.pmf(np.arange(size + 1), size, rate)
    gradient_N = [group_gradient(size, won, rate=rate, advantage=advantage) for won in range(size + 1)]
    return float(chance_N @ gradient_N) / (rate * (1 - rate))
