"""Figures of a simulated run: what it did over the epochs, and who got the rollouts in the last one."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from knapsack_rl.analysis.drawing.around import legend_above
from knapsack_rl.analysis.drawing.looks import ArmStyle, arm_looks, loud_first
from knapsack_rl.analysis.drawing.marks import arm_handles, line_of, reference
from knapsack_rl.analysis.drawing.style import BAND_ALPHA, REFERENCE, count_axis, panel_grid, tidy_axes

EPOCH_PANELS = {
    "ratio_rollouts": "mixed groups,\nshare of rollouts",
    "ratio_prompts": "mixed groups,\nshare of prompts",
    "gain": "true objective\nover equal counts",
    "discovery_frac": "failed prompts that\nnow had a success",
    "max_count": "largest group\nof a step",
    "mean_rate": "mean success rate\nof the pool",
}
"""Columns of the epochs frame and their axis labels."""

NUM_COLUMNS = 2


def draw_epochs(epochs: pd.DataFrame) -> Figure:
    """Means over the steps of each epoch, one line per strategy.

    Args:
        epochs: one row per strategy and epoch with ``strategy, epoch`` and the columns of `EPOCH_PANELS`.
    """
    looks = arm_looks({name: name for name in epochs["strategy"].unique()})
    figure, axes = panel_grid(len(EPOCH_PANELS) // NUM_COLUMNS, NUM_COLUMNS, height=0.9, sharex=True)
    for ax, (column, label) in zip(axes.ravel(), EPOCH_PANELS.items(), strict=True):
        for look in loud_first(looks):
            rows = epochs[epochs["strategy"] == look.arm]
            ax.plot(rows["epoch"] + 1, rows[column], **line_of(look, num_points=len(rows)))
        ax.set_ylabel(label)
        ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        if column in ("gain", "discovery_frac"):
            ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=None))
    axes[0, 0].set_ylim(0, 1)
    axes[0, 1].set_ylim(0, 1)
    for ax in axes[-1]:
        ax.set_xlabel("epoch")
    legend_above(figure, arm_handles(looks))
    tidy_axes(axes)
    return figure


def draw_counts(allocation: pd.DataFrame, *, uniform: int) -> Figure:
    """Rollouts per prompt against what is believed of it, and against what is true; the last epoch.

    Lines are means per class of rates, bands hold the middle 80% of the prompts. Unknown, 0 and 1 stand apart.

    Args:
        allocation: rows of ``allocation_rows`` with a ``strategy`` column.
        uniform: rollouts that equal counts would give.
    """
    looks = arm_looks({name: name for name in allocation["strategy"].unique()})
    figure, axes = panel_grid(1, 2, height=1.8, sharey=True)
    for ax, kind in zip(axes[0], ("believed", "true"), strict=True):
        rows = allocation[allocation["rate"] == kind]
        for look in loud_first(looks):
            _draw_classes(ax, rows[rows["strategy"] == look.arm], look=look)
        ticks = rows[["position", "label"]].drop_duplicates().sort_values("position")
        ax.set_xticks(ticks["position"], ticks["label"], rotation=90)
        ax.axhline(uniform, color=REFERENCE, linestyle="--", linewidth=0.7)
        count_axis(ax, along="y")
        ax.set_xlabel(f"{kind} success rate, up to")
    axes[0, 0].set_ylabel("rollouts of a prompt")
    legend_above(figure, [*arm_handles(looks), reference("equal counts")])
    tidy_axes(axes)
    return figure


def _draw_classes(ax: Axes, rows: pd.DataFrame, *, look: ArmStyle) -> None:
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
        if not look.quiet:
            ax.fill_between(at, low, high, facecolor=(look.color, BAND_ALPHA), linewidth=0)
        ax.plot(at, mean, **line_of(look, num_points=len(at)))
