"""Figure: how much of a step carries a gradient, over training."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.periods import window_means
from knapsack_rl.analysis.plots.style import (
    ArmStyle,
    arm_handles,
    arm_styles,
    cell_title,
    cells_of,
    draw_band,
    in_cell,
    legend_above,
    panel_grid,
    tidy_axes,
)
from knapsack_rl.analysis.zero_gradient import from_second_visit

ROWS = {
    "ratio_rollouts": "mixed groups,\nshare of rollouts",
    "ratio_prompts": "mixed groups,\nshare of prompts",
    "all_correct_prompts": "all correct,\nshare of prompts",
    "all_wrong_prompts": "all wrong,\nshare of prompts",
}
"""Columns of the steps frame, one row of panels each, and their axis labels."""


def draw_zero_gradient(frames: StudyFrames) -> Figure:
    """Both effective-gradient ratios and both kinds of zero-gradient prompt against the training step.

    Rows: kind of share (0..1). Columns: model and budget N. Lines are means over seeds within windows of steps, bands
    95% t-intervals over seeds (none below three). The dotted line marks the first step in which most prompts are
    visited for at least the second time.
    """
    steps = frames.steps
    cells = cells_of(steps)
    styles = arm_styles(list(steps["arm"].unique()))
    figure, axes = panel_grid(len(ROWS), len(cells), sharex="col", sharey="row")
    means = zero_gradient_points(frames)
    for column, cell in enumerate(cells):
        for row, (share, label) in enumerate(ROWS.items()):
            ax = axes[row, column]
            _draw_panel(ax, in_cell(means, cell), share=share, styles=styles)
            _mark_second_visit(ax, in_cell(steps, cell))
            if column == 0:
                ax.set_ylabel(label)
        axes[0, column].set_title(cell_title(steps, cell))
        axes[-1, column].set_xlabel("training step")
        axes[-1, column].xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    for row, share in enumerate(ROWS):
        # The two ratios are read against each other, so they share one scale.
        axes[row, 0].set_ylim(bottom=0, top=1 if share.startswith("ratio") else None)
    mark = Line2D([], [], color="#555555", linestyle=":", linewidth=1.0, label="prompts seen before")
    legend_above(figure, [*arm_handles(styles), mark])
    tidy_axes(axes)
    return figure


def zero_gradient_points(frames: StudyFrames) -> pd.DataFrame:
    """What the lines show: means over seeds of the shares within windows of steps."""
    return window_means(frames.steps, list(ROWS))


def _draw_panel(ax: Axes, means: pd.DataFrame, *, share: str, styles: dict[str, ArmStyle]) -> None:
    for arm, style in styles.items():
        draw_band(ax, means[means["arm"] == arm], x="step", y=share, style=style)


def _mark_second_visit(ax: Axes, steps: pd.DataFrame) -> None:
    repeated = from_second_visit(steps)
    if len(repeated):
        ax.axvline(repeated["step"].min(), color="#555555", linestyle=":", linewidth=1.0)
