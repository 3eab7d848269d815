"""TRL's advantages over groups of unequal size, from `knapsack_rl.grpo`.

Shapes: ``_R`` slots (completions) of a generation batch, ``_F`` reward functions, ``_P`` prompts.
"""

from dataclasses import dataclass

import numpy as np

from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.grpo import group_advantages
from knapsack_rl.grpo.advantage import Advantage
from knapsack_rl.integrations.trl.slots import split_groups

EPSILON = 1e-4
"""What TRL adds to a standard deviation."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RewardRule:
    """How several rewards become one advantage; the fields are those of TRL's ``GRPOConfig``."""

    weight_F: FloatArray
    """``reward_weights``."""
    scale_rewards: str = "group"
    """Divide by the standard deviation of the ``group``, of the ``batch``, or of nothing (``none``)."""
    aggregation: str = "sum_then_normalize"
    """``multi_objective_aggregation``; or ``normalize_then_sum``, which takes no ``scale_rewards``."""

    @property
    def reports_groups(self) -> bool:
        """Whether TRL's ``frac_reward_zero_std`` is of groups; else it is of the batch."""
        return self.aggregation == "sum_then_normalize" and self.scale_rewards != "batch"

    def total(self, rewards_R_F: FloatArray) -> FloatArray:
        """Weighted sum of the rewards that were given; NaN for a completion that no function judged.  [R, F] -> [R]."""
        total_R = np.nansum(rewards_R_F * self.weight_F, axis=1)
        return np.where(np.isnan(rewards_R_F).all(axis=1), np.nan, total_R)

    def advantages(self, rewards_R_F: FloatArray, counts_P: IntArray) -> FloatArray:
        """Advantage of every completion, as TRL computes it for equal groups.

        - ``group``: ``(r - mean) / (std + 1e-4)``, mean and unbiased std over the completions of the prompt;
        - ``none``: ``r - mean``; ``batch``: that over the std of the whole batch, plus 1e-4;
        - ``normalize_then_sum``: each function's ``group`` advantages, their weighted sum, and that standardised over
          the batch.

        A completion that no function judged counts nowhere and gets 0. Unlike TRL's, a group of equal rewards gets
        exactly 0; TRL's float32 mean of 0.1, 0.1, 0.1 may leave a rest of 1e-8, which it then divides by 1e-4.

        Args:
            rewards_R_F: rewards, prompt by prompt; NaN where a function gave none.
            counts_P: completions of every prompt.

        Returns:
            float64.  [R]
        """
        if self.aggregation == "normalize_then_sum":
            scaled = [_by_group(column_R, counts_P, advantage="std") for column_R in rewards_R_F.T]
            total_R = self.total(np.where(np.isnan(rewards_R_F), np.nan, np.stack(scaled, axis=1)))
            return np.nan_to_num((total_R - np.nanmean(total_R)) / (_std(total_R) + EPSILON), nan=0.0)
        total_R = self.total(rewards_R_F)
        if self.scale_rewards == "group":
            return _by_group(total_R, counts_P, advantage="std")
        centred_R = _by_group(total_R, counts_P, advantage="none")
        return centred_R if self.scale_rewards == "none" else centred_R / (_std(total_R) + EPSILON)


def _by_group(reward_R: FloatArray, counts_P: IntArray, *, advantage: Advantage) -> FloatArray:
    """Advantages over the judged completions of each prompt; 0 for the others."""
    judged_R = ~np.isnan(reward_R)
    groups = [group_G[~np.isnan(group_G)].tolist() for group_G in split_groups(reward_R, counts_P)]
    advantage_R = np.zeros(len(reward_R))
    advantage_R[judged_R] = np.concatenate(group_advantages(groups, advantage=advantage, epsilon=EPSILON))
    return advantage_R


def _std(values_R: FloatArray) -> float:
    """Unbiased, over the values that are there."""
    judged = values_R[~np.isnan(values_R)]
    return float(judged.std(ddof=1)) if judged.size > 1 else 0.0
