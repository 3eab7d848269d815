"""Figure: how good the beliefs were, and what better ones would have been worth."""

from matplotlib.figure import Figure

from knapsack_rl.analysis.belief_quality import beliefs_points
from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.plots.over_training import Lines, draw_over_training

ROWS = {
    "known": "prompts\nwith a\nbelief",
    "bias": "belief\nminus\noutcome",
    "rmse": "error of\nthe belief\n(rms)",
    "objective_gain": "objective\nover equal\ncounts",
    "perfect_gain": "the same,\nperfect\nbeliefs",
}
"""Columns of the points, one row of panels each, and their axis labels."""


def draw_beliefs(frames: StudyFrames) -> Figure:
    """Share known, bias and error of beliefs against outcomes, and the gain of counts given and of the best counts."""
    gains = ("objective_gain", "perfect_gain")
    lines = Lines(rows=ROWS, same_scale=(gains,), zero=("bias", *gains))
    return draw_over_training(frames, beliefs_points(frames), lines=lines)
