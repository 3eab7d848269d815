"""How good the beliefs were, and what better ones would have been worth."""

import pandas as pd
from matplotlib.figure import Figure

from knapsack_rl.analysis.drawing.over_training import Lines, draw_over_training
from knapsack_rl.analysis.frames.schemas import ARM_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.periods import period_means, window_means
from knapsack_rl.analysis.inference.stats import seed_means
from knapsack_rl.analysis.measures.beliefs import VALUES, lag_rows, probe_rows, quality_steps


def beliefs_table(frames: StudyFrames) -> pd.DataFrame:
    """Quality of the beliefs per arm and period, their lag, their error against the probe, and the gain they allowed.

    Returns:
        ``period_means`` of ``VALUES`` with ``rmse`` the root of the mean squared error; ``captured``, the gain of the
        counts given as a share of the gain of perfect estimates (both means over the period); ``lag`` in visits over
        all of training; ``probe_rmse``, the last belief of each probed prompt against the probe of the last checkpoint.
    """
    steps = quality_steps(frames)
    table = period_means(steps, VALUES)
    ends = ["squared_error", "squared_error_low", "squared_error_high"]
    for end in ends:
        table[end.replace("squared_error", "rmse")] = table.pop(end).clip(lower=0) ** 0.5
    table = table.assign(captured=table["objective_gain"] / table["perfect_gain"].where(table["perfect_gain"] > 0))
    for name, per_run in (("lag", lag_rows(frames.groups)), ("probe_rmse", probe_rows(frames))):
        means = seed_means(per_run, ARM_KEYS, values=[name]).drop(columns=["num_seeds", "strategy"])
        table = table.merge(means, on=["model", "budget", "arm"], how="left")
    return in_grid_order(table, frames.steps)


def beliefs_points(frames: StudyFrames) -> pd.DataFrame:
    """Quality of the beliefs and both gains over training: means over seeds within windows of steps."""
    steps = quality_steps(frames)
    points = window_means(steps, VALUES)
    for end in ("", "_low", "_high"):
        points[f"rmse{end}"] = points.pop(f"squared_error{end}").clip(lower=0) ** 0.5
    return points


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
