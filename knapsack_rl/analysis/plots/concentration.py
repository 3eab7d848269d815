"""Figure: how the counts of a step spread, over training."""

from matplotlib.figure import Figure

from knapsack_rl.analysis.concentration import concentration_points
from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.plots.over_training import Lines, draw_over_training

ROWS = {
    "max_rollouts": "largest\ncount",
    "q90_rollouts": "90th per-\ncentile",
    "q50_rollouts": "median",
    "q10_rollouts": "10th per-\ncentile",
    "gini_rollouts": "Gini\nindex",
    "entropy_rollouts": "entropy\n(1 = even)",
}
"""Columns of the points, one row of panels each, and their axis labels."""


def draw_concentration(frames: StudyFrames) -> Figure:
    """Quantiles, maximum, Gini index and normalised entropy of each step's counts against the training step."""
    return draw_over_training(frames, concentration_points(frames), lines=Lines(rows=ROWS))
