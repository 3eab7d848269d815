"""Lines over training: one row of panels per quantity, one column per cell, one line per arm."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from knapsack_rl.analysis.plots.style import (
    KNOWN_ARMS,
    ArmStyle,
    arm_handles,
    arm_styles,
    cell_title,
    cells_of,
    draw_band,
    in_cell,
    legend_above,
    panel_grid,
    spaced,
    tidy_axes,
)

MOST_ARMS = 8
"""More lines than this cannot be told apart; the tables have all arms."""

MOST_BANDS = 4
"""With more arms the bands hide each other and are left to the tables."""


def shown_arms(arms: Sequence[str]) -> list[str]:
    """The arms that a figure shows, in the order given: all up to ``MOST_ARMS``, else the well-known ones first."""
    ranked = sorted(arms, key=lambda arm: arm not in KNOWN_ARMS)[:MOST_ARMS]
    return [arm for arm in arms if arm in ranked]


def arm_legend(styles: Mapping[str, ArmStyle], num_arms: int) -> list[Artist]:
    """Legend entries of the arms shown, and one that says how many are left to the table."""
    left_out = num_arms - len(styles)
    note = [Line2D([], [], linestyle="", label=f"({left_out} more arms: see the table)")] if left_out else []
    return [*arm_handles(dict(styles)), *note]


def draw_over_training(
    points: pd.DataFrame, rows: Mapping[str, str], *, same_scale: Sequence[Sequence[str]] = (), zero: Sequence[str] = ()
) -> Figure:
    """Means over seeds within windows of steps, with 95% t-intervals over seeds as bands.

    There are none below three seeds, nor with more than ``MOST_BANDS`` arms.

    Args:
        points: from ``periods.window_means``.
        rows: column of ``points`` to axis label, one row of panels each.
        same_scale: sets of rows that are read against each other and so share their limits.
        zero: rows with a line at 0.
    """
    cells, arms = cells_of(points), list(points["arm"].unique())
    styles = arm_styles(shown_arms(arms))
    figure, axes = panel_grid(len(rows), len(cells), sharex="col", sharey="row", panel=(2.7, 1.7))
    for column, cell in enumerate(cells):
        for row, (value, label) in enumerate(rows.items()):
            ax = axes[row, column]
            _draw_panel(ax, in_cell(points, cell), value=value, styles=styles)
            if value in zero:
                ax.axhline(0.0, color="#333333", linewidth=0.8)
            if column == 0:
                ax.set_ylabel(label)
        axes[0, column].set_title(cell_title(points, cell))
        axes[-1, column].set_xlabel("training step")
        axes[-1, column].xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    names = list(rows)
    for together in same_scale:
        panels = [axes[names.index(value), 0] for value in together]
        limits = [ax.get_ylim() for ax in panels]
        for ax in panels:
            ax.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
    legend_above(figure, arm_legend(styles, len(arms)))
    tidy_axes(axes)
    return figure


def _draw_panel(ax: Axes, points: pd.DataFrame, *, value: str, styles: Mapping[str, ArmStyle]) -> None:
    for arm, style in styles.items():
        of_arm = points[(points["arm"] == arm) & points[value].notna()]
        if len(styles) <= MOST_BANDS:
            draw_band(ax, of_arm, x="step", y=value, style=style)
        else:
            (line,) = ax.plot(of_arm["step"].to_numpy(), of_arm[value].to_numpy(), color=style.color, linewidth=1.3)
            line.set_marker(style.marker)
            line.set_markevery(spaced(len(of_arm)))
    if not any(np.size(line.get_xdata()) for line in ax.lines):
        ax.text(0.5, 0.5, "not measured", transform=ax.transAxes, ha="center", va="center")
