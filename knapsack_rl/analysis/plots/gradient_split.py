"""Figure: what the rise of the effective-gradient ratio is made of."""

from matplotlib.figure import Figure

from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.gradient_split import gradient_split_points
from knapsack_rl.analysis.plots.over_training import Lines, draw_over_training

ROWS = {
    "ratio_rollouts": "mixed, of\nrollouts",
    "ratio_prompts": "mixed, of\nprompts",
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
