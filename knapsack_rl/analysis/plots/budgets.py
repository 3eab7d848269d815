"""Figure: rollouts against the believed success rate, over training and in all."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, StrMethodFormatter

from knapsack_rl.analysis.budgets import budget_points, budgets_table
from knapsack_rl.analysis.differences import baseline_arm
from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.plots.allocation import SHADE
from knapsack_rl.analysis.plots.over_training import arm_legend, shown_arms
from knapsack_rl.analysis.plots.style import (
    ArmStyle,
    arm_styles,
    cell_title,
    cells_of,
    in_cell,
    legend_above,
    panel_grid,
)
from knapsack_rl.analysis.rate_classes import CLASS_NAMES, NUM_CLASSES

TICKS = {0: "?", 1: "0", 3.5: "0.2", 5.5: "0.4", 7.5: "0.6", 9.5: "0.8", 12: "1"}
"""Positions of some rates on an axis of classes."""


BANDS = ((0.2, "5 to 95%"), (0.45, "25 to 75%"))
"""Opacity and meaning of the bands."""


def draw_budgets(frames: StudyFrames) -> Figure:
    """Left: mean rollouts per visit by belief and step. Right: mean and quantiles by belief over all of training.

    One row per cell and arm; the baseline is left out where there are others.
    """
    points, table = budget_points(frames), budgets_table(frames)
    arms = [str(arm) for arm in frames.steps["arm"].unique()]
    others = [arm for arm in arms if arm != baseline_arm(frames.steps)] or arms
    styles = arm_styles(shown_arms(others))
    rows = [(cell, arm) for cell in cells_of(points) for arm in styles if arm in set(in_cell(points, cell)["arm"])]
    figure, axes = panel_grid(len(rows), 2, panel=(3.1, 2.1))
    means = points.loc[points["arm"].isin(styles), "mean_rollouts"]
    least, most = max(1.0, float(means.min())), float(means.max()) + 1
    norm = LogNorm(vmin=least, vmax=most)
    for row, (cell, arm) in enumerate(rows):
        of_arm = in_cell(points, cell)
        mesh = _draw_heat(axes[row, 0], of_arm[of_arm["arm"] == arm], norm=norm)
        axes[row, 0].set_title(f"{cell_title(frames.steps, cell)}\n{arm}")
        powers = [2.0**power for power in range(8) if least <= 2.0**power <= most]
        bar = figure.colorbar(mesh, ax=axes[row, 0], label="mean rollouts", pad=0.03, ticks=powers, format="{x:.0f}")
        bar.ax.minorticks_off()
        in_all = in_cell(table, cell)
        _draw_quantiles(axes[row, 1], in_all[in_all["arm"] == arm], budget=cell[1], style=styles[arm])
    for ax in axes[-1]:
        ax.set_xlabel("training step" if ax is axes[-1, 0] else "believed success rate (? = unknown)")
    bands = [Patch(color="#777777", alpha=alpha, label=label) for alpha, label in BANDS]
    share = Line2D([], [], color="#333333", linestyle="--", linewidth=0.9, label="uniform share N")
    legend_above(figure, [*arm_legend(styles, len(others)), *bands, share])
    return figure


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
        ax.axhline(border, color="white", linewidth=2.5)
    ax.set_yticks(list(TICKS), list(TICKS.values()))
    ax.set_ylabel("believed rate")
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    ax.grid(visible=False)
    return mesh


def _draw_quantiles(ax: Axes, table: pd.DataFrame, *, budget: int, style: ArmStyle) -> None:
    at = np.array([CLASS_NAMES.index(name) for name in table["belief"]])
    for part in (at == 0, at == 1, (at > 1) & (at < NUM_CLASSES - 1), at == NUM_CLASSES - 1):
        rows, places = table[part], at[part]
        for low, high, alpha in (("q05", "q95", 0.2), ("q25", "q75", 0.45)):
            if len(rows) > 1:
                ax.fill_between(places, rows[low], rows[high], color=style.color, alpha=alpha, linewidth=0)
            else:
                ax.vlines(places, rows[low], rows[high], color=style.color, alpha=alpha, linewidth=7)
        (line,) = ax.plot(places, rows["mean_rollouts"].to_numpy(), color=style.color, marker=style.marker)
        line.set(markeredgecolor="white", markersize=4.5)
    ax.axhline(budget, color="#333333", linestyle="--", linewidth=0.9)
    ax.set_yscale("log", base=2)
    ax.yaxis.set_major_locator(FixedLocator([2.0**power for power in range(9)]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    ax.set_xticks(list(TICKS), list(TICKS.values()))
    ax.set_xlim(-0.7, NUM_CLASSES - 0.3)
    ax.set_ylabel("rollouts per visit")
    ax.spines[["top", "right"]].set_visible(False)
