"""Group-relative advantages for groups of unequal size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from knapsack_rl.base.arrays import FloatArray

EPSILON = 1e-6
"""Added to the divisor, as in the released code."""

Advantage = Literal["std", "none", "sqrt_mean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvantageRule:
    """What the centred rewards of a group are divided by."""

    formula: str
    """The advantage, in symbols."""
    source: str
    """Where it comes from."""
    divisor: Callable[[FloatArray], float]
    """Divisor of a group with unequal rewards, from its rewards.  [G] -> number"""


ADVANTAGES: dict[str, AdvantageRule] = {
    "std": AdvantageRule(
        formula="(r - mean) / std",
        source="arXiv 2402.03300",
        divisor=lambda rewards_G: float(rewards_G.std(ddof=1)) + EPSILON,
    ),
    "none": AdvantageRule(formula="r - mean", source="arXiv 2503.20783", divisor=lambda _: 1.0),
    "sqrt_mean": AdvantageRule(
        formula="(r - mean) / sqrt(mean)",
        source="arXiv 2510.04996; the method of ada_est",
        divisor=lambda rewards_G: float(np.sqrt(rewards_G.mean() + EPSILON)),
    ),
}
"""Advantages by name."""


def group_advantages(
    rewards_P_G: Sequence[Sequence[float]], *, clip: float = float("inf"), advantage: Advantage = "std"
) -> list[FloatArray]:
    """Advantage of every rollout: reward minus group mean over a divisor of the group, then clipped to ``+-clip``.

    - ``std``: ``A_g = (r_g - mean(r)) / (std(r) + 1e-6)`` with the unbiased std (divisor G-1)
      (GRPO, arXiv 2402.03300 section 4.1; unbiased std, epsilon and clip follow the released Knapsack RL code).
    - ``none``: the mean alone is subtracted (arXiv 2503.20783).
    - ``sqrt_mean``: ``A_g = (r_g - mean(r)) / sqrt(mean(r) + 1e-6)``, over all rollouts of the prompt
      (Reinforce-Ada, arXiv 2510.04996v3; epsilon is not printed there). Rewards must not be negative.

    A group whose rewards are all equal gets exactly zero, and so does a group of one.
    DEVIATION: the released code gives a group of one its raw reward as advantage; a lone rollout has no group to
    be relative to, so it carries no gradient here.

    Args:
        rewards_P_G: rewards per prompt and rollout, ragged; empty groups allowed.
        clip: largest absolute advantage; after clipping a group need not sum to zero.
        advantage: which of `ADVANTAGES`.

    Returns:
        One float64 array per prompt, in rollout order.
    """
    divisor = ADVANTAGES[advantage].divisor
    return [_one_group(np.asarray(rewards_G, dtype=np.float64), clip, divisor=divisor) for rewards_G in rewards_P_G]


def _one_group(rewards_G: FloatArray, clip: float, *, divisor: Callable[[FloatArray], float]) -> FloatArray:
    if rewards_G.size < 2 or np.ptp(rewards_G) == 0:  # noqa: PLR2004 - a comparison needs two
        return np.zeros_like(rewards_G)
    return np.asarray(np.clip((rewards_G - rewards_G.mean()) / divisor(rewards_G), -clip, clip))
