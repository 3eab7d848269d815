"""The newest rewards of every prompt, newest first. Shapes: ``_V`` prompts, ``_B`` kept rewards, ``_R`` all rewards."""

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import BoolArray, IntArray

Recent = npt.NDArray[np.bool_]


def shift_in(recent_VB: Recent, *, counts_V: IntArray, rewards_R: BoolArray) -> Recent:
    """The newest B rewards after a visit of ``counts_V`` rewards each; older ones move back and fall off.

    Args:
        recent_VB: Rewards before, newest first; False beyond those that there are.  [V, B]
        counts_V: Rewards of the visit, at least 1.  [V]
        rewards_R: Those rewards, one prompt after the other, oldest first.  [R]
    """
    age_B = np.arange(recent_VB.shape[1])
    is_new_VB = age_B < counts_V[:, None]
    newest_V = np.cumsum(counts_V) - 1
    new_VB = rewards_R[np.maximum(newest_V[:, None] - age_B, 0)]
    older_VB = np.take_along_axis(recent_VB, np.maximum(age_B - counts_V[:, None], 0), axis=1)
    return np.where(is_new_VB, new_VB, older_VB)


def as_text(recent_B: Recent, num_kept: int) -> str:
    """The kept rewards as "0" and "1", oldest first."""
    return "".join("1" if won else "0" for won in recent_B[:num_kept][::-1].tolist())


def of_text(text: str, num_rewards: int) -> Recent:
    """What `as_text` was made from, filled up to ``num_rewards``."""
    recent_B = np.zeros(num_rewards, dtype=np.bool_)
    recent_B[: len(text)] = [each == "1" for each in reversed(text)]
    return recent_B
