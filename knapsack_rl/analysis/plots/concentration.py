"""Figure: how the counts of a step spread, over training."""

from matplotlib.figure import Figure

from knapsack_rl.analysis.concentration import concentration_points
from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.plots.over_training import draw_over_training

ROWS = {
    "max_rollouts": "largest count\nof a step",
    "q90_rollouts": "90th percentile",
    "q50_rollouts": "median",
    "q10_rollouts": "10th percentile",
    "gini_rollouts": "Gini index",
    "entropy_rollouts": "entropy\n(1 = even)",
}
"""Columns of the points, one row of panels each, and their axis labels."""


def draw_concentration(frames: StudyFrames) -> Figure:
    """Quantiles, maximum, Gini index and normalised entropy of each step's counts against the training step."""
    return draw_over_training(concentration_points(frames), ROWS)
