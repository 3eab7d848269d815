"""Accuracy against what was spent to get it."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from knapsack_rl.analysis.drawing.around import legend_above, notes_below
from knapsack_rl.analysis.drawing.cell_grid import CellGrid, cell_grid
from knapsack_rl.analysis.drawing.looks import ArmStyle, looks_in, loud_first
from knapsack_rl.analysis.drawing.marks import arm_handles, draw_band
from knapsack_rl.analysis.drawing.over_training import MOST_BANDS
from knapsack_rl.analysis.drawing.style import cells_of, in_cell, say, tidy_axes
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.measures.accuracy_curves import accuracy_curves, mean_curves
from knapsack_rl.analysis.measures.spent import ROLLOUTS, TOKENS


def compute_table(frames: StudyFrames) -> pd.DataFrame:
    """Points of the compute-matched curves: what was spent and the average accuracy, per arm and checkpoint."""
    curves = mean_curves(accuracy_curves(frames))
    return in_grid_order(curves.drop(columns="strategy"), frames.steps)


ROWS = {
    ROLLOUTS: "generated rollouts",
    TOKENS: "generated response tokens",
}
"""Abscissae, one row of panels each, and their axis labels; operations and seconds are in the table."""

MOST_TICKS = {1: 8, 2: 5}
"""On an abscissa, by the number of columns; more columns have room for 3."""


def draw_compute_curves(frames: StudyFrames) -> Figure:
    """Average accuracy over benchmarks at every checkpoint against what had been spent by then.

    Columns: model and budget N; panels of one model share their scales, so that budgets compare. Means over seeds,
    bands 95% t-intervals over seeds (none below three, none at the shared starting point, none with more than
    ``MOST_BANDS`` arms).
    """
    curves, looks = curve_points(frames), looks_in(frames)
    grid = cell_grid(cells_of(curves), curves, num_rows=len(ROWS), height=0.95)
    for cell, panels in grid.panels.items():
        for spent, ax in zip(ROWS, panels, strict=True):
            _draw_panel(ax, in_cell(curves, cell), spent=spent, looks=looks)
    _share_abscissae(grid)
    for row, label in enumerate(ROWS.values()):
        for ax in grid.lefts(row):
            ax.set_ylabel("accuracy\n(avg@k)")
        _label_abscissa(grid, row, label=label)
    legend_above(grid.figure, arm_handles(looks))
    notes_below(grid.figure, frames, looks=looks)
    tidy_axes([ax for panels in grid.panels.values() for ax in panels])
    return grid.figure


def curve_points(frames: StudyFrames) -> pd.DataFrame:
    """What the figure shows: mean accuracy and mean spending per arm and checkpoint."""
    return mean_curves(accuracy_curves(frames))


def _share_abscissae(grid: CellGrid) -> None:
    """One scale per model and quantity; by hand, for axes that share it would have to share its ticks."""
    for row in range(len(grid.rows())):
        for model in dict.fromkeys(model for model, _ in grid.panels):
            together = [panels[row] for (name, _), panels in grid.panels.items() if name == model]
            most = max(ax.get_xlim()[1] for ax in together)
            for ax in together:
                ax.set_xlim(-0.03 * most, most)
                ax.xaxis.set_major_formatter(EngFormatter(sep=""))
                ax.xaxis.set_major_locator(MaxNLocator(nbins=MOST_TICKS.get(grid.columns, 3), min_n_ticks=2))


def _label_abscissa(grid: CellGrid, row: int, *, label: str) -> None:
    """Once below the middle of each block's row, where the panels are too narrow for it."""
    panels = [panels[row] for panels in grid.panels.values()]
    for start in range(0, len(panels), grid.columns):
        block = panels[start : start + grid.columns]
        middle = block[(len(block) - 1) // 2]
        middle.set_xlabel(label, x=0.5 if len(block) % 2 else 1.0)


def _draw_panel(ax: Axes, curves: pd.DataFrame, *, spent: str, looks: dict[str, ArmStyle]) -> None:
    known = curves[curves[spent].notna()]
    for look in loud_first(looks):
        points = known[known["arm"] == look.arm]
        # The start is one shared evaluation: the band opens from it.
        has_band = points["accuracy_low"].notna().any()
        ends = {end: points[end].fillna(points["accuracy"]) for end in ("accuracy_low", "accuracy_high") if has_band}
        draw_band(ax, points.assign(**ends), x=spent, y="accuracy", look=look, band=len(looks) <= MOST_BANDS)
    if known.empty:
        say(ax, "not known")
