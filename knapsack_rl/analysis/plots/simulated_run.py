"""Figures of a simulated run: what it did over the epochs, and who got the rollouts in the last one."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator, PercentFormatter, StrMethodFormatter

from knapsack_rl.analysis.plots.style import (
    BAND_ALPHA,
    ArmStyle,
    arm_handles,
    arm_styles,
    legend_above,
    panel_grid,
    tidy_axes,
)

EPOCH_PANELS = {
    "ratio_rollouts": "mixed groups,\nshare of rollouts",
    "ratio_prompts": "mixed groups,\nshare of prompts",
    "gain": "true objective\nover equal counts",
    "discovery_frac": "failed prompts that\nnow had a success",
    "max_count": "largest group\nof a step",
    "mean_rate": "mean success rate\nof the pool",
}
"""Columns of the epochs frame and their axis labels."""

NUM_COLUMNS = 3


def draw_epochs(epochs: pd.DataFrame) -> Figure:
    """Means over the steps of each epoch, one line per strategy.

    Args:
        epochs: one row per strategy and epoch with ``strategy, epoch`` and the columns of `EPOCH_PANELS`.
    """
    styles = arm_styles(list(epochs["strategy"].unique()))
    figure, axes = panel_grid(len(EPOCH_PANELS) // NUM_COLUMNS, NUM_COLUMNS, sharex=True)
    for ax, (column, label) in zip(axes.ravel(), EPOCH_PANELS.items(), strict=True):
        for strategy, style in styles.items():
            rows = epochs[epochs["strategy"] == strategy]
            ax.plot(rows["epoch"] + 1, rows[column], color=style.color, marker=style.marker, markersize=3.5)
        ax.set_ylabel(label)
        ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        if column in ("gain", "discovery_frac"):
            ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=None))
    axes[0, 0].set_ylim(0, 1)
    axes[0, 1].set_ylim(0, 1)
    for ax in axes[-1]:
        ax.set_xlabel("epoch")
    legend_above(figure, arm_handles(styles))
    tidy_axes(axes)
    return figure


def draw_counts(allocation: pd.DataFrame, *, uniform: int) -> Figure:
    """Rollouts per prompt against what is believed of it, and against what is true; the last epoch.

    Lines are means per class of rates, bands hold the middle 80% of the prompts. Unknown, 0 and 1 stand apart.

    Args:
        allocation: rows of ``allocation_rows`` with a ``strategy`` column.
        uniform: rollouts that equal counts would give.
    """
    styles = arm_styles(list(allocation["strategy"].unique()))
    figure, axes = panel_grid(1, 2, sharey=True, panel=(4.2, 3.0))
    for ax, kind in zip(axes[0], ("believed", "true"), strict=True):
        rows = allocation[allocation["rate"] == kind]
        for strategy, style in styles.items():
            _draw_classes(ax, rows[rows["strategy"] == strategy], style=style)
        ticks = rows[["position", "label"]].drop_duplicates().sort_values("position")
        ax.set_xticks(ticks["position"], ticks["label"], rotation=90)
        ax.axhline(uniform, color="#333333", linestyle="--", linewidth=0.9)
        ax.set_yscale("log", base=2)
        ax.yaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
        ax.set_xlabel(f"{kind} success rate, up to")
    axes[0, 0].set_ylabel("rollouts of a prompt")
    spend = Line2D([], [], color="#333333", linestyle="--", linewidth=0.9, label="equal counts")
    legend_above(figure, [*arm_handles(styles), spend])
    tidy_axes(axes)
    return figure


def _draw_classes(ax: Axes, rows: pd.DataFrame, *, style: ArmStyle) -> None:
    """Runs of neighbouring classes are joined; the ends and the unknown stand alone."""
    rows = rows.sort_values("position")
    apart = ~rows["label"].isin(("?", "0", "1")).to_numpy()
    block = np.cumsum(np.diff(apart.astype(int), prepend=0) != 0)
    for _, part in rows.groupby(np.where(apart, block, -rows["position"].to_numpy())):
        at = part["position"].to_numpy(float)
        columns = part[["p10_rollouts", "mean_rollouts", "p90_rollouts"]].to_numpy(float)
        if len(part) == 1:
            at, columns = np.array([at[0] - 0.25, at[0] + 0.25]), columns.repeat(2, axis=0)
        low, mean, high = columns.T
        ax.fill_between(at, low, high, facecolor=(style.color, BAND_ALPHA), linewidth=0)
        ax.plot(at, mean, color=style.color)
