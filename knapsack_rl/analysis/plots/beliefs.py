"""Figure: how good the beliefs were, and what better ones would have been worth."""

from matplotlib.figure import Figure

from knapsack_rl.analysis.belief_quality import beliefs_points
from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.plots.over_training import draw_over_training

ROWS = {
    "known": "share of prompts\nwith a belief",
    "bias": "belief minus\noutcome",
    "rmse": "error of the\nbelief (rms)",
    "objective_gain": "objective over\nequal counts",
    "perfect_gain": "the same with\nperfect beliefs",
}
"""Columns of the points, one row of panels each, and their axis labels."""


def draw_beliefs(frames: StudyFrames) -> Figure:
    """Share known, bias and error of beliefs against outcomes, and the gain of counts given and of the best counts."""
    gains = ("objective_gain", "perfect_gain")
    return draw_over_training(beliefs_points(frames), ROWS, same_scale=(gains,), zero=("bias", *gains))
