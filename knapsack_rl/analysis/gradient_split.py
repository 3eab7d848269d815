"""The rise of the effective-gradient ratio, taken apart: moved rollouts on one side, more prompts on the other.

Per step, ``ratio by rollouts (arm) - ratio by prompts (uniform) = re-weighting + rest`` with
re-weighting = by rollouts minus by prompts, both of the arm, and rest = by prompts, arm minus uniform.
"""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.differences import baseline_arm
from knapsack_rl.analysis.frames import CELL_KEYS, StudyFrames, in_grid_order
from knapsack_rl.analysis.objective import OBJECTIVES, step_objectives
from knapsack_rl.analysis.periods import period_means, window_means

SPLIT = ("ratio_rollouts", "ratio_prompts", "reweighting", "rest")
GAINS = ("objective_gain", "objective_belief_gain")
SHARES = ("all_correct_prompts", "all_wrong_prompts")
VALUES = (*SPLIT, *GAINS, *OBJECTIVES[:1], *SHARES)


def split_steps(frames: StudyFrames) -> pd.DataFrame:
    """The steps frame with the two parts of the ratio's rise and the objective of the counts joined to each step.

    ``rest`` is paired with the baseline's run of the same cell, seed and step; NaN where there is none. The gains are
    ``objective / objective of equal counts - 1``: what this step's counts are worth beyond an even split of the same
    rollouts, at calibrated rates and at the beliefs.
    """
    steps = frames.steps.merge(step_objectives(frames.groups), on=["run_id", "step"], how="left")
    keys = [*CELL_KEYS, "seed", "step"]
    reference = steps[steps["arm"] == baseline_arm(steps)].groupby(keys)["ratio_prompts"].mean().rename("reference")
    steps = steps.join(reference, on=keys)
    return steps.assign(
        reweighting=steps["ratio_rollouts"] - steps["ratio_prompts"],
        rest=steps["ratio_prompts"] - steps["reference"],
        objective_gain=_gain(steps, "objective"),
        objective_belief_gain=_gain(steps, "objective_belief"),
    )


def _gain(steps: pd.DataFrame, name: str) -> "pd.Series[float]":
    equal = steps[f"{name}_equal"]
    return (steps[name] / equal.where(equal > 0, np.nan)) - 1


def gradient_split_table(frames: StudyFrames) -> pd.DataFrame:
    """Both ratios, the two parts of their rise, the objective and the zero-gradient shares per arm and period."""
    return in_grid_order(period_means(split_steps(frames), VALUES), frames.steps)


def gradient_split_points(frames: StudyFrames) -> pd.DataFrame:
    """The same over training: means over seeds within windows of steps."""
    return window_means(split_steps(frames), VALUES)
