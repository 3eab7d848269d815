"""Figure: what the rise of the effective-gradient ratio is made of."""

from matplotlib.figure import Figure

from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.gradient_split import gradient_split_points
from knapsack_rl.analysis.plots.over_training import draw_over_training

ROWS = {
    "ratio_rollouts": "mixed groups,\nby rollouts",
    "ratio_prompts": "mixed groups,\nby prompts",
    "reweighting": "re-weighting",
    "rest": "the rest",
    "objective_gain": "objective over\nequal counts",
}
"""Columns of the points, one row of panels each, and their axis labels."""


def draw_gradient_split(frames: StudyFrames) -> Figure:
    """Both ratios, the two parts of the rise (same scale) and the expected objective, against the training step."""
    scales = (("ratio_rollouts", "ratio_prompts"), ("reweighting", "rest"))
    return draw_over_training(
        gradient_split_points(frames), ROWS, same_scale=scales, zero=("reweighting", "rest", "objective_gain")
    )
