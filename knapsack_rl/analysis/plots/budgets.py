"""Figure: rollouts against the believed success rate, over training and in all."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from knapsack_rl.analysis.budgets import budget_points, budgets_table
from knapsack_rl.analysis.differences import baseline_arm
from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.plots.allocation import SHADE
from knapsack_rl.analysis.plots.around import legend_above, notes_below
from knapsack_rl.analysis.plots.looks import ArmStyle, in_panels, looks_in
from knapsack_rl.analysis.plots.marks import own, reference
from knapsack_rl.analysis.plots.style import REFERENCE, cell_title, cells_of, count_axis, in_cell, panel_grid, tidy_axes
from knapsack_rl.analysis.rate_classes import CLASS_NAMES, NUM_CLASSES

TICKS = {3.5: "0.2", 5.5: "0.4", 7.5: "0.6", 9.5: "0.8", 12: "1"}
"""Positions of some rates on an axis of classes; the first two classes, unknown and 0, share a label."""


BANDS = ((0.2, "5 to 95%"), (0.45, "25 to 75%"))
"""Opacity and meaning of the bands."""


def draw_budgets(frames: StudyFrames) -> Figure:
    """Left: mean rollouts per visit by belief and step. Right: mean and quantiles by belief over all of training.

    One row per cell and arm; the baseline is left out where there are others.
    """
    points, table, looks = budget_points(frames), budgets_table(frames), looks_in(frames)
    shown = in_panels(looks, baseline_arm(frames.steps), num_cells=len(cells_of(points)))
    rows = [
        (cell, look) for cell in cells_of(points) for look in shown if look.arm in set(in_cell(points, cell)["arm"])
    ]
    figure, axes = panel_grid(len(rows), 2, height=1.0, sharex="col")
    means = points.loc[points["arm"].isin([look.arm for look in shown]), "mean_rollouts"]
    norm = LogNorm(vmin=max(1.0, float(means.min())), vmax=float(means.max()) + 1)
    mesh = None
    for (cell, look), (left, right) in zip(rows, axes, strict=True):
        of_arm, in_all = in_cell(points, cell), in_cell(table, cell)
        mesh = _draw_heat(left, of_arm[of_arm["arm"] == look.arm], norm=norm)
        own([left.set_title(f"{look.arm}: {cell_title(frames.steps, cell)}", loc="left")], look)
        _draw_quantiles(right, in_all[in_all["arm"] == look.arm], budget=cell[1], look=look)
    _add_bar(mesh, axes[:, 0], norm=norm)
    axes[-1, 0].set_xlabel("training step")
    axes[-1, 1].set_xlabel("believed success rate")
    bands = [Patch(color="#777777", alpha=alpha, label=label) for alpha, label in BANDS]
    legend_above(figure, [*bands, reference("uniform share N")])
    left_out = len(looks) - len(shown) - (baseline_arm(frames.steps) is not None)
    more = f"{left_out} more arms are in the table." if left_out > 0 else ""
    notes_below(figure, frames, also=f"?: success rate unknown. {more}".strip())
    return figure


def _add_bar(mesh: Any, axes: Any, *, norm: LogNorm) -> None:  # noqa: ANN401 - a mesh, an array
    powers = [2.0**power for power in range(9) if (norm.vmin or 1) <= 2.0**power <= (norm.vmax or 1)]
    settings: dict[str, Any] = {"location": "bottom", "aspect": 30, "pad": 0.01, "label": "mean rollouts per visit"}
    bar = mesh.figure.colorbar(mesh, ax=axes, ticks=powers, format="{x:.0f}", **settings)
    bar.ax.minorticks_off()


def _draw_heat(ax: Axes, points: pd.DataFrame, *, norm: LogNorm) -> Any:  # noqa: ANN401 - a mesh
    windows = np.sort(points["window"].unique())
    middles = points.groupby("window")["step"].first().loc[windows].to_numpy()
    grid = np.full((NUM_CLASSES, len(windows)), np.nan)
    grid[points["belief"].to_numpy(), np.searchsorted(windows, points["window"])] = points["mean_rollouts"]
    width = float(np.diff(middles).min()) if len(middles) > 1 else 1.0
    edges = np.append(middles - width / 2, middles[-1] + width / 2)
    rows = np.arange(NUM_CLASSES + 1) - 0.5
    mesh = ax.pcolormesh(edges, rows, grid, cmap=SHADE, norm=norm, linewidth=0, rasterized=True)
    for border in (0.5, 1.5, NUM_CLASSES - 1.5):
        ax.axhline(border, color="white", linewidth=1.5)
    ax.set_yticks([0.5, *TICKS], ["0\n?", *TICKS.values()], linespacing=0.8)
    ax.set_ylabel("believed\nrate")
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    ax.grid(visible=False)
    return mesh


def _draw_quantiles(ax: Axes, table: pd.DataFrame, *, budget: int, look: ArmStyle) -> None:
    at = np.array([CLASS_NAMES.index(name) for name in table["belief"]])
    for part in (at == 0, at == 1, (at > 1) & (at < NUM_CLASSES - 1), at == NUM_CLASSES - 1):
        rows, places = table[part], at[part]
        for low, high, alpha in (("q05", "q95", 0.2), ("q25", "q75", 0.45)):
            if len(rows) > 1:
                band: Any = ax.fill_between(places, rows[low], rows[high], color=look.color, alpha=alpha, linewidth=0)
            else:
                band = ax.vlines(places, rows[low], rows[high], color=look.color, alpha=alpha, linewidth=4)
            own([band], look)
        (line,) = ax.plot(places, rows["mean_rollouts"].to_numpy(), color=look.color, marker=look.marker)
        line.set(markeredgecolor="white", markeredgewidth=0.4)
        own([line], look)
    ax.axhline(budget, color=REFERENCE, linestyle="--", linewidth=0.7)
    count_axis(ax, along="y")
    ax.set_xticks([0.5, *TICKS], ["? 0", *TICKS.values()])
    ax.set_xlim(-0.7, NUM_CLASSES - 0.3)
    ax.set_ylabel("rollouts")
    tidy_axes(ax)
