"""Group-relative advantages for groups of unequal size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from knapsack_rl.base.arrays import FloatArray

EPSILON = 1e-6
"""Added to the divisor, as in the released code; other trainers add more (`group_advantages`)."""

Advantage = Literal["std", "none", "sqrt_mean", "rloo", "max_rl", "posterior", "zero_variance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvantageRule:
    """What the centred rewards of a group are divided by."""

    formula: str
    """The advantage, in symbols."""
    source: str
    """Where it comes from."""
    divisor: Callable[[FloatArray, float], float]
    """Divisor of a group with unequal rewards, from its rewards and epsilon.  [G], number -> number"""
    baseline: Callable[[FloatArray], float] = lambda rewards_G: float(rewards_G.mean())
    """What is subtracted, from the group's rewards.  [G] -> number"""
    equal_rewards_count: bool = False
    """Whether a group of equal rewards has a gradient too."""


ZERO_VARIANCE_PULL = 0.1
"""Size of the advantage of rollouts that are all right or all wrong, under ``zero_variance``."""


def _pull(rewards_G: FloatArray) -> float:
    """Up where all are right, down where all are wrong, nothing at equal partial credit in the middle."""
    return ZERO_VARIANCE_PULL * float(np.sign(rewards_G[0] - 0.5))


ADVANTAGES: dict[str, AdvantageRule] = {
    "std": AdvantageRule(
        formula="(r - mean) / std",
        source="arXiv 2402.03300",
        divisor=lambda rewards_G, epsilon: float(rewards_G.std(ddof=1)) + epsilon,
    ),
    "none": AdvantageRule(formula="r - mean", source="arXiv 2503.20783", divisor=lambda _, __: 1.0),
    "sqrt_mean": AdvantageRule(
        formula="(r - mean) / sqrt(mean)",
        source="arXiv 2510.04996; the method of ada_est",
        divisor=lambda rewards_G, epsilon: float(np.sqrt(rewards_G.mean() + epsilon)),
    ),
    "rloo": AdvantageRule(
        formula="r - mean of the others",
        source="arXiv 2402.14740 (RLOO)",
        divisor=lambda rewards_G, _: (rewards_G.size - 1) / rewards_G.size,
    ),
    "max_rl": AdvantageRule(
        formula="(r - mean) / mean",
        source="arXiv 2602.02710 (MaxRL), second-hand",
        divisor=lambda rewards_G, epsilon: float(rewards_G.mean()) + epsilon,
    ),
    "posterior": AdvantageRule(
        formula="r - (sum r + 1) / (N + 2)",
        source="arXiv 2602.14338 (AERO), second-hand",
        divisor=lambda _, __: 1.0,
        baseline=lambda rewards_G: float((rewards_G.sum() + 1.0) / (rewards_G.size + 2.0)),
        equal_rewards_count=True,
    ),
    "zero_variance": AdvantageRule(
        formula="(r - mean) / std; +-0.1 where all are right or all wrong",
        source="arXiv 2509.21880 (RL-ZVP), second-hand, without its entropy weights",
        divisor=lambda rewards_G, epsilon: float(rewards_G.std(ddof=1)) + epsilon if np.ptp(rewards_G) else 1.0,
        baseline=lambda rewards_G: float(rewards_G.mean()) - (0.0 if np.ptp(rewards_G) else _pull(rewards_G)),
        equal_rewards_count=True,
    ),
}
"""Advantages by name."""


def group_advantages(
    rewards_P_G: Sequence[Sequence[float]],
    *,
    clip: float = float("inf"),
    advantage: Advantage = "std",
    epsilon: float = EPSILON,
) -> list[FloatArray]:
    """Advantage of every rollout: reward minus group mean over a divisor of the group, then clipped to ``+-clip``.

    - ``std``: ``A_g = (r_g - mean(r)) / (std(r) + 1e-6)`` with the unbiased std (divisor G-1)
      (GRPO, arXiv 2402.03300 section 4.1; unbiased std, epsilon and clip follow the released Knapsack RL code).
    - ``none``: the mean alone is subtracted (arXiv 2503.20783).
    - ``sqrt_mean``: ``A_g = (r_g - mean(r)) / sqrt(mean(r) + 1e-6)``, over all rollouts of the prompt
      (Reinforce-Ada, arXiv 2510.04996v3; epsilon is not printed there). Rewards must not be negative.

    - ``rloo``: ``A_g = r_g - mean of the other rewards = (r_g - mean(r)) G / (G - 1)`` (arXiv 2402.14740).
    - ``max_rl``: ``A_g = (r_g - mean(r)) / mean(r)``: the gradient of the log of the success rate to first order
      (arXiv 2602.02710, second-hand). Rewards must not be negative.
    - ``posterior``: the baseline is the mean of a Beta(1, 1) posterior, ``(sum r + 1) / (G + 2)``, so that a group of
      equal rewards pulls too: all right up, all wrong down (AERO, arXiv 2602.14338, second-hand). "Share of groups with
      a gradient" keeps its meaning, unequal rewards, in every table.
    - ``zero_variance``: as ``std``, and +0.1 where all are right, -0.1 where all are wrong. RL-ZVP (arXiv 2509.21880,
      second-hand) weighs these by the entropy of each token, so that its pull is not the same for all tokens of a
      response; that part is left out, and 0.1 is ours.

    Under all others a group whose rewards are all equal gets exactly zero. A group of one always does.
    DEVIATION: the released code gives a group of one its raw reward as advantage; a lone rollout has no group to
    be relative to, so it carries no gradient here.

    Args:
        rewards_P_G: rewards per prompt and rollout, ragged; empty groups allowed.
        clip: largest absolute advantage; after clipping a group need not sum to zero.
        advantage: which of `ADVANTAGES`.
        epsilon: what is added to the divisor, 1e-6 above; TRL adds 1e-4.

    Returns:
        One float64 array per prompt, in rollout order.
    """
    rule = ADVANTAGES[advantage]
    groups = [np.asarray(rewards_G, dtype=np.float64) for rewards_G in rewards_P_G]
    return [_one_group(rewards_G, rule, clip=clip, epsilon=epsilon) for rewards_G in groups]


def _one_group(rewards_G: FloatArray, rule: AdvantageRule, *, clip: float, epsilon: float) -> FloatArray:
    if rewards_G.size < 2 or (np.ptp(rewards_G) == 0 and not rule.equal_rewards_count):  # noqa: PLR2004 - takes two
        return np.zeros_like(rewards_G)
    centred_G = rewards_G - rule.baseline(rewards_G)
    return np.asarray(np.clip(centred_G / rule.divisor(rewards_G, epsilon), -clip, clip))
