"""Figure: which classes of difficulty grew and which shrank in training, by arm."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from knapsack_rl.analysis.drawing.around import legend_above, notes_below
from knapsack_rl.analysis.drawing.cell_grid import cell_grid
from knapsack_rl.analysis.drawing.looks import ArmStyle, looks_in, loud
from knapsack_rl.analysis.drawing.marks import arm_handles, draw_interval
from knapsack_rl.analysis.drawing.style import REFERENCE, cells_of, in_cell, panel_grid, say, tidy_axes
from knapsack_rl.analysis.frames.schemas import ARM_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.stats import seed_means
from knapsack_rl.analysis.measures.difficulty import CLASSES, net_change_rows

SHORT = ("never solved", "hard", "medium", "easy", "always solved")
"""Names of ``CLASSES`` on the axis."""

POINTS = 100.0
APART = 0.72
"""Share of the distance between two classes that their arms take."""


def net_change_points(frames: StudyFrames) -> pd.DataFrame:
    """Of all probed problems the share (0..1) in each class before and after training, and its change.

    Returns:
        ``model, budget, arm, strategy, difficulty`` (its name), ``num_seeds`` and, as means over seeds with 95%
        t-intervals (``_low, _high``), ``before, after, change``. The changes of an arm add up to zero.
    """
    values = ["before", "after", "change"]
    means = seed_means(net_change_rows(frames.probes), [*ARM_KEYS, "difficulty"], values=values)
    named = means.assign(difficulty=[CLASSES[index] for index in means["difficulty"]])
    return in_grid_order(named, frames.steps)


def draw_net_change(frames: StudyFrames) -> Figure:
    """A column per cell, a row per class of difficulty, arms side by side: change in points of the probed problems."""
    points, looks = net_change_points(frames), loud(looks_in(frames))
    if points.empty:
        return _nothing()
    cells = cells_of(points)
    height = 0.35 + len(SHORT) * max(0.14, 0.06 * len(looks))
    grid = cell_grid(cells, frames.steps, num_rows=1, height=height)
    (row,) = grid.rows()
    for cell, ax in zip(cells, row, strict=True):
        _draw_panel(ax, in_cell(points, cell), looks=looks)
    for ax in grid.lefts(0):
        ax.set_yticks(range(len(SHORT)), SHORT)
    row[0].set_ylim(len(SHORT) - 0.5, -0.5)
    limits = [ax.get_xlim() for ax in row]
    for ax in row:
        ax.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
        ax.xaxis.set_major_locator(MaxNLocator(nbins=3 if grid.columns > 1 else 8, min_n_ticks=2))
    row[(min(grid.columns, len(row)) - 1) // 2].set_xlabel(
        "change, points of the probed problems", x=1.0 if grid.columns % 2 == 0 else 0.5
    )
    legend_above(grid.figure, arm_handles(looks, line=False))
    notes_below(grid.figure, frames, looks=looks_in(frames))
    tidy_axes(row)
    return grid.figure


def _draw_panel(ax: Axes, points: pd.DataFrame, *, looks: Mapping[str, ArmStyle]) -> None:
    apart = APART / len(looks)
    ax.axvline(0.0, color=REFERENCE, linewidth=0.6, zorder=1)
    for rank, look in enumerate(looks.values()):
        for one in points[points["arm"] == look.arm].to_dict("records"):
            at = CLASSES.index(one["difficulty"]) + (rank - (len(looks) - 1) / 2) * apart
            ends: Any = tuple(POINTS * one[name] for name in ("change_low", "change", "change_high"))
            draw_interval(ax, at, ends=ends, look=look)
    ax.grid(visible=False, axis="y")


def _nothing() -> Figure:
    figure, axes = panel_grid(1, 1, height=0.8)
    say(axes[0, 0], "no probe was taken: set evaluation.probe.prompts")
    axes[0, 0].set_axis_off()
    return figure
