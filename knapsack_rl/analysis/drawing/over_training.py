"""Lines over training: one row of panels per quantity, one column per cell, one line per arm."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from knapsack_rl.analysis.drawing.around import legend_above, notes_below
from knapsack_rl.analysis.drawing.cell_grid import Cell, cell_grid
from knapsack_rl.analysis.drawing.looks import ArmStyle, looks_in, loud_first
from knapsack_rl.analysis.drawing.marks import arm_handles, draw_band
from knapsack_rl.analysis.drawing.style import REFERENCE, cells_of, in_cell, say, tidy_axes
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.pairs import baseline_arm

UNDERLAY = {"linewidth": 2.6, "zorder": 2.2}
"""The baseline's line, wide and below the others, so that it shows where another has the same values."""

MOST_BANDS = 4
"""With more arms the bands hide each other and are left to the tables."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What a figure over training shows."""

    rows: Mapping[str, str]
    """Column of the points to axis label, one row of panels each."""
    same_scale: Sequence[Sequence[str]] = ()
    """Sets of rows that are read against each other and so share their limits."""
    zero: Sequence[str] = ()
    """Rows with a line at 0."""
    shares: Sequence[str] = ()
    """Rows whose scale starts at 0."""
    mark: Callable[[Axes, Cell], None] = lambda _ax, _cell: None
    """Draws what else belongs into every panel."""
    marked: Sequence[Artist] = ()
    """Legend entries of it."""


def draw_over_training(frames: StudyFrames, points: pd.DataFrame, *, lines: Lines) -> Figure:
    """Means over seeds within windows of steps, with 95% t-intervals over seeds as bands.

    There are none below three seeds, nor with more than ``MOST_BANDS`` arms.

    Args:
        frames: the study, for its missing runs.
        points: from ``periods.window_means``.
        lines: which columns, and how.
    """
    looks, names, baseline = looks_in(frames), list(lines.rows), baseline_arm(frames.steps)
    grid = cell_grid(cells_of(points), points, num_rows=len(names), height=0.76)
    for cell, panels in grid.panels.items():
        for value, ax in zip(names, panels, strict=True):
            _draw_panel(ax, in_cell(points, cell), value=value, looks=looks, baseline=baseline)
            lines.mark(ax, cell)
            if value in lines.zero:
                ax.axhline(0.0, color=REFERENCE, linewidth=0.6, zorder=1)
            ax.xaxis.set_major_locator(MaxNLocator(nbins=3 if grid.columns > 1 else 8, integer=True, min_n_ticks=2))
            ax.yaxis.set_major_locator(MaxNLocator(nbins=4, min_n_ticks=3))
            ax.tick_params(labelbottom=ax is panels[-1])
        panels[-1].set_xlabel("training step")
    for row, label in enumerate(lines.rows.values()):
        for ax in grid.lefts(row):
            ax.set_ylabel(label)
    first = dict(zip(names, (row[0] for row in grid.rows()), strict=True))
    _share_limits(first, lines)
    legend_above(grid.figure, [*arm_handles(looks), *lines.marked])
    notes_below(grid.figure, frames, looks=looks)
    tidy_axes([ax for panels in grid.panels.values() for ax in panels])
    return grid.figure


def _share_limits(first: Mapping[str, Axes], lines: Lines) -> None:
    """Common limits of rows that are read against each other; the panels of a row share theirs already."""
    for value in lines.shares:
        first[value].set_ylim(bottom=0)
    for together in lines.same_scale:
        limits = [first[value].get_ylim() for value in together]
        for value in together:
            first[value].set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def _draw_panel(
    ax: Axes, points: pd.DataFrame, *, value: str, looks: Mapping[str, ArmStyle], baseline: str | None
) -> None:
    for look in loud_first(looks):
        of_arm = points[(points["arm"] == look.arm) & points[value].notna()]
        line = draw_band(ax, of_arm, x="step", y=value, look=look, band=len(looks) <= MOST_BANDS)
        if look.arm == baseline and not look.quiet:
            line.set(**UNDERLAY)
    if not any(np.size(line.get_xdata()) for line in ax.lines):
        say(ax, "not measured")
