"""What the rise of the effective-gradient ratio is made of."""

import pandas as pd
from matplotlib.figure import Figure

from knapsack_rl.analysis.drawing.over_training import Lines, draw_over_training
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.periods import period_means, window_means
from knapsack_rl.analysis.measures.gradient_split import split_steps
from knapsack_rl.analysis.measures.objective import OBJECTIVES

SPLIT = ("ratio_rollouts", "ratio_prompts", "reweighting", "rest")
GAINS = ("objective_gain", "objective_belief_gain")
SHARES = ("all_correct_prompts", "all_wrong_prompts")
VALUES = (*SPLIT, *GAINS, *OBJECTIVES[:1], *SHARES)


def gradient_split_table(frames: StudyFrames) -> pd.DataFrame:
    """Both ratios, the two parts of their rise, the objective and the zero-gradient shares per arm and period."""
    return in_grid_order(period_means(split_steps(frames), VALUES), frames.steps)


def gradient_split_points(frames: StudyFrames) -> pd.DataFrame:
    """The same over training: means over seeds within windows of steps."""
    return window_means(split_steps(frames), VALUES)


ROWS = {
    "ratio_rollouts": "share of\nrollouts with\na gradient",
    "ratio_prompts": "share of\nprompts with\na gradient",
    "reweighting": "re-\nweighting",
    "rest": "the rest",
    "objective_gain": "objective\nover equal\ncounts",
}
"""Columns of the points, one row of panels each, and their axis labels."""


def draw_gradient_split(frames: StudyFrames) -> Figure:
    """Both ratios, the two parts of the rise (same scale) and the expected objective, against the training step."""
    lines = Lines(
        rows=ROWS,
        same_scale=(("ratio_rollouts", "ratio_prompts"), ("reweighting", "rest")),
        zero=("reweighting", "rest", "objective_gain"),
    )
    return draw_over_training(frames, gradient_split_points(frames), lines=lines)
