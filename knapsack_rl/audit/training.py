"""How much of a run carried a gradient, over training. Shapes: ``_G`` groups, ``_S`` steps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from knapsack_rl.audit.gain import CONFIDENCE, Estimate
from knapsack_rl.audit.groups import Groups
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.grpo import all_correct, all_wrong, mixed

WINDOWS = 8
"""Windows of successive steps, of equal numbers of steps as far as they divide."""
MIN_STEPS = 3
"""Fewer steps give a mean and no interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Means over successive steps with 95 % t-intervals over steps."""

    first_step: int
    last_step: int
    num_steps: int
    ratio_rollouts: Estimate
    """Rollouts in groups with both outcomes / rollouts: the effective-gradient ratio of arXiv 2509.25849."""
    ratio_prompts: Estimate
    """Groups with both outcomes / groups."""
    all_right: Estimate
    """Groups in which every rollout is right / groups."""
    all_wrong: Estimate
    """Groups in which every rollout is wrong / groups."""


def over_training(groups: Groups) -> tuple[Window, tuple[Window, ...]]:
    """The whole run, and its windows in order."""
    steps, position_G = np.unique(groups.step_G, return_inverse=True)
    shares = _shares(groups, position_G, num=len(steps))
    pieces = np.array_split(np.arange(len(steps)), min(WINDOWS, len(steps)))
    whole, *windows = (
        Window(
            first_step=int(steps[piece[0]]),
            last_step=int(steps[piece[-1]]),
            num_steps=len(piece),
            **{name: _mean(share_S[piece]) for name, share_S in shares.items()},
        )
        for piece in (np.arange(len(steps)), *pieces)
    )
    return whole, tuple(windows)


def _shares(groups: Groups, position_G: IntArray, *, num: int) -> dict[str, FloatArray]:
    won_G, drawn_G = groups.num_successes_G, groups.num_rollouts_G

    def share(weight_G: ArrayLike, of_G: ArrayLike) -> FloatArray:
        return np.bincount(position_G, weights=weight_G, minlength=num) / np.bincount(position_G, weights=of_G)

    mixed_G, one_G = mixed(won_G, drawn_G), np.ones(len(won_G))
    return {
        "ratio_rollouts": share(mixed_G * drawn_G, drawn_G),
        "ratio_prompts": share(mixed_G, one_G),
        "all_right": share(all_correct(won_G, drawn_G), one_G),
        "all_wrong": share(all_wrong(won_G, drawn_G), one_G),
    }


def _mean(share_S: FloatArray) -> Estimate:
    num, mean = len(share_S), float(share_S.mean())
    if num < MIN_STEPS:
        return Estimate(value=mean, low=np.nan, high=np.nan)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, num - 1) * share_S.std(ddof=1) / np.sqrt(num))
    return Estimate(value=mean, low=max(mean - half, 0.0), high=min(mean + half, 1.0))


def wasted_share(groups: Groups) -> float:
    """Length of responses in groups without a gradient / length of all; NaN where lengths are not known."""
    spent = float(groups.length_G.sum())
    mixed_G = mixed(groups.num_successes_G, groups.num_rollouts_G)
    return float(groups.length_G[~mixed_G].sum()) / spent if spent > 0 else float("nan")
