"""How much of a step carries a gradient, by period and over training."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from knapsack_rl.analysis.drawing.cell_grid import Cell
from knapsack_rl.analysis.drawing.marks import reference
from knapsack_rl.analysis.drawing.over_training import Lines, draw_over_training
from knapsack_rl.analysis.drawing.style import REFERENCE, cells_of, in_cell
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.periods import by_period, from_second_visit, period_means, window_means

ROWS = {
    "ratio_rollouts": "share of\nrollouts with\na gradient",
    "ratio_prompts": "share of\nprompts with\na gradient",
    "all_correct_prompts": "prompts,\nevery rollout\ncorrect",
    "all_wrong_prompts": "prompts,\nevery rollout\nwrong",
}
"""Columns of the steps frame, one row of panels each, and their axis labels."""

SHARES = tuple(ROWS)


def zero_gradient_table(frames: StudyFrames) -> pd.DataFrame:
    """Both effective-gradient ratios and the two kinds of zero-gradient prompt, per arm and period of training.

    Periods: the first and last quarter of all steps, and the steps from the second visit on (a cell none of whose
    runs has such a step shows NaN there). ``max_rollouts`` is the most rollouts any prompt got in the period, over
    all seeds; ``first_step`` and ``last_step`` say where the period lies.
    """
    means = period_means(frames.steps, SHARES)
    most = {
        period: steps.groupby(["model", "budget", "arm"])["max_rollouts"].max().astype("Int64")
        for period, steps in by_period(frames.steps).items()
    }
    largest = pd.concat(most, names=["period"]).rename("max_rollouts")
    span = ["max_rollouts", "first_step", "last_step"]
    table = means.join(largest, on=["period", "model", "budget", "arm"])
    return in_grid_order(table[[*(column for column in table if column not in span), *span]], frames.steps)


def draw_zero_gradient(frames: StudyFrames) -> Figure:
    """Both effective-gradient ratios and both kinds of zero-gradient prompt against the training step.

    Rows: kind of share (0..1). Columns: model and budget N. Lines are means over seeds within windows of steps, bands
    95% t-intervals over seeds. The dotted line marks the first step in which most prompts are visited for at least the
    second time.
    """
    seen = {cell: from_second_visit(in_cell(frames.steps, cell))["step"].min() for cell in cells_of(frames.steps)}

    def mark(ax: Axes, cell: Cell) -> None:
        if pd.notna(seen[cell]):
            ax.axvline(seen[cell], color=REFERENCE, linestyle=":", linewidth=0.8)

    # The two ratios are read against each other, so they share one scale.
    lines = Lines(
        rows=ROWS,
        same_scale=(("ratio_rollouts", "ratio_prompts"), ("all_correct_prompts", "all_wrong_prompts")),
        shares=tuple(ROWS),
        mark=mark,
        marked=(reference("prompts seen before", ":"),),
    )
    return draw_over_training(frames, zero_gradient_points(frames), lines=lines)


def zero_gradient_points(frames: StudyFrames) -> pd.DataFrame:
    """What the lines show: means over seeds of the shares within windows of steps."""
    return window_means(frames.steps, list(ROWS))
