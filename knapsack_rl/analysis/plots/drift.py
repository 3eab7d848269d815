"""Figure: the effect of uneven budgets against how far success rates move between visits, a point per cell and arm."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from knapsack_rl.analysis.drift import drift_table
from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.plots.around import legend_above, notes_below
from knapsack_rl.analysis.plots.looks import ArmStyle, looks_in
from knapsack_rl.analysis.plots.marks import arm_handles, own
from knapsack_rl.analysis.plots.style import REFERENCE, SMALLEST, cell_title, panel_grid, say, tidy_axes

NEAR = 0.1
"""Of the width of the figure: points closer than this would have their numbers overlap."""

ROWS = {
    "accuracy": "final accuracy\nminus uniform",
    "ratio_prompts": "ratio by prompts\nminus uniform",
    "objective_gain": "objective over\nequal counts",
}
"""Columns of the table, one panel each, and their axis labels."""


def draw_drift(frames: StudyFrames) -> Figure:
    """Three effects of every arm other than the baseline against the baseline's drift, with 95% t-intervals."""
    table = drift_table(frames).dropna(subset=["baseline_drift"])
    looks = looks_in(frames)
    shown = table[table["accuracy"].notna()]
    figure, axes = panel_grid(len(ROWS), 1, height=0.95, sharex=True)
    for ax, (column, label) in zip(axes[:, 0], ROWS.items(), strict=True):
        ax.set_ylabel(label)
        ax.axhline(0.0, color=REFERENCE, linewidth=0.6)
        if shown.empty:
            say(ax, "no arm beside the baseline whose prompts were met twice")
        for arm, rows in shown.groupby("arm", sort=False):
            _draw_points(ax, rows, column=column, look=looks[str(arm)])
    cells = shown.drop_duplicates(["model", "budget"]).sort_values("baseline_drift")
    _number_cells(axes[0, 0], cells)
    axes[-1, 0].set_xlabel("change of a success rate between visits (rms)")
    legend_above(figure, arm_handles({arm: looks[arm] for arm in shown["arm"].unique()}, line=False))
    notes_below(figure, frames, also=_told(frames.steps, cells))
    tidy_axes(axes)
    return figure


def _draw_points(ax: Axes, rows: pd.DataFrame, *, column: str, look: ArmStyle) -> None:
    known = rows.dropna(subset=[column])
    error = [known[column] - known[f"{column}_low"], known[f"{column}_high"] - known[column]]
    drawn = ax.errorbar(
        *(known["baseline_drift"], known[column]), yerr=error, fmt=look.marker, color=look.color, linewidth=0.7
    )
    own(drawn.get_children(), look)


def _number_cells(ax: Axes, cells: pd.DataFrame) -> None:
    """The number of each cell above its points in the first panel; cells that lie close together stand in one list."""
    room = NEAR * (cells["baseline_drift"].max() - cells["baseline_drift"].min()) if len(cells) else 0.0
    named: list[tuple[float, str]] = []
    for number, at in enumerate(cells["baseline_drift"], start=1):
        if named and at - named[-1][0] <= room:
            named[-1] = (named[-1][0], f"{named[-1][1]}, {number}")
        else:
            named.append((at, str(number)))
    for at, name in named:
        text = ax.annotate(name, (at, 1.02), xycoords=("data", "axes fraction"), ha="center", va="bottom")
        text.set(fontsize=SMALLEST, color="#444444")
    ax.margins(x=0.12)


def _told(steps: pd.DataFrame, cells: pd.DataFrame) -> str:
    """What the numbers stand for."""
    keys = cells[["model", "budget"]].itertuples(index=False, name=None)
    names = [f"{number}: {cell_title(steps, cell)}" for number, cell in enumerate(keys, start=1)]
    return "; ".join(names) + ". Movement is that under uniform." if names else ""
