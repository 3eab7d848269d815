"""Group-relative advantages for groups of unequal size."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

EPSILON = 1e-6
"""Added to the standard deviation, as in the released code."""


def group_advantages(
    rewards_P_G: Sequence[Sequence[float]], *, clip: float = float("inf"), normalize: bool = True
) -> list[NDArray[np.float64]]:
    """Advantage of every rollout: reward minus group mean, over the group's standard deviation.

    ``A_g = (r_g - mean(r)) / (std(r) + 1e-6)`` with the unbiased std (divisor G-1), then clipped to ``+-clip``
    (GRPO, arXiv 2402.03300 section 4.1; unbiased std, epsilon and clip follow the released Knapsack RL code).
    With ``normalize=False`` the mean alone is subtracted (arXiv 2503.20783).

    A group whose rewards are all equal gets exactly zero, and so does a group of one.
    DEVIATION: the released code gives a group of one its raw reward as advantage; a lone rollout has no group to
    be relative to, so it carries no gradient here.

    Args:
        rewards_P_G: rewards per prompt and rollout, ragged; empty groups allowed.
        clip: largest absolute advantage; after clipping a group need not sum to zero.
        normalize: divide by the standard deviation.

    Returns:
        One float64 array per prompt, in rollout order.
    """
    return [_one_group(np.asarray(rewards_G, dtype=np.float64), clip, normalize=normalize) for rewards_G in rewards_P_G]


def _one_group(rewards_G: NDArray[np.float64], clip: float, *, normalize: bool) -> NDArray[np.float64]:
    if rewards_G.size < 2 or np.ptp(rewards_G) == 0:  # noqa: PLR2004 - a comparison needs two
        return np.zeros_like(rewards_G)
    centred = rewards_G - rewards_G.mean()
    scaled = centred / (rewards_G.std(ddof=1) + EPSILON) if normalize else centred
    return np.asarray(np.clip(scaled, -clip, clip))
