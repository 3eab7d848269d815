"""Figure: accuracy against what was spent to get it."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter
from matplotlib.typing import LineStyleType

from knapsack_rl.analysis.compute import accuracy_curves, mean_curves
from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.plots.style import (
    ArmStyle,
    arm_handles,
    arm_styles,
    budget_lines,
    draw_band,
    legend_above,
    panel_grid,
    tidy_axes,
)
from knapsack_rl.analysis.spent import FLOPS, ROLLOUTS, SECONDS, TOKENS

ROWS = {
    ROLLOUTS: "generated rollouts",
    TOKENS: "generated response tokens",
    FLOPS: "operations, generation and training",
    SECONDS: "seconds of training steps",
}
"""Abscissae, one row of panels each, and their axis labels."""


def draw_compute_curves(frames: StudyFrames) -> Figure:
    """Average accuracy over benchmarks at every checkpoint against cumulative rollouts and response tokens.

    Columns: models. Colour: arm; line style: budget N. Means over seeds, bands 95% t-intervals over seeds (none below
    three, none at the shared starting point).
    """
    curves = curve_points(frames)
    models = list(curves["model"].unique())
    styles = arm_styles(list(frames.steps["arm"].unique()))
    lines = budget_lines(list(curves["budget"].unique()))
    figure, axes = panel_grid(len(ROWS), len(models), sharey="col", panel=(4.2, 2.7))
    for column, model in enumerate(models):
        for row, (spent, label) in enumerate(ROWS.items()):
            ax = axes[row, column]
            _draw_panel(ax, curves[curves["model"] == model], spent=spent, styles=styles, lines=lines)
            ax.set_xlabel(label)
            if column == 0:
                ax.set_ylabel("accuracy (avg@k),\nmean over benchmarks")
        axes[0, column].set_title(model)
    budgets = [Line2D([], [], color="#333333", linestyle=line, label=f"N = {n}") for n, line in lines.items()]
    legend_above(figure, [*arm_handles(styles), *budgets])
    tidy_axes(axes)
    return figure


def curve_points(frames: StudyFrames) -> pd.DataFrame:
    """What the figure shows: mean accuracy and mean spending per arm and checkpoint."""
    return mean_curves(accuracy_curves(frames))


def _draw_panel(
    ax: Axes, curves: pd.DataFrame, *, spent: str, styles: dict[str, ArmStyle], lines: dict[int, LineStyleType]
) -> None:
    for arm, budget in curves[["arm", "budget"]].drop_duplicates().itertuples(index=False, name=None):
        points = curves[(curves["arm"] == arm) & (curves["budget"] == budget)]
        # The start is one shared evaluation: the band opens from it.
        known = points["accuracy_low"].notna().any()
        ends = {end: points[end].fillna(points["accuracy"]) for end in ("accuracy_low", "accuracy_high") if known}
        draw_band(ax, points.assign(**ends), x=spent, y="accuracy", style=styles[arm], linestyle=lines[budget])
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.margins(x=0.02)
