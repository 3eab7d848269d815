"""The paper's theory: theorem 1 and the value of rollouts, as a table and as figures. Needs no run."""

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from knapsack_rl.allocation.grids import value_rows
from knapsack_rl.allocation.theorem import CURVE_RATES, theorem_rows
from knapsack_rl.allocation.value import p_nonzero_gradient
from knapsack_rl.analysis.drawing.around import note_below
from knapsack_rl.analysis.drawing.style import count_axis, panel_grid, tidy_axes
from knapsack_rl.analysis.frames.study import StudyFrames

RATES = (0.5, 0.25, 0.125, 0.0625, 0.05, 0.02, 0.01, 0.99)
BUDGETS = (4, 8, 16, 128)


def theorem_table(_: StudyFrames) -> pd.DataFrame:
    """Theorem 1 per success rate: mean rollouts until both outcomes, rollouts for a chance of 0.9, chance at N.

    Columns of ``allocation.theorem.theorem_rows`` and ``p_nonzero_n<N>``: the chance of a non-zero gradient with N
    rollouts.
    """
    table = pd.DataFrame(theorem_rows(RATES))
    chances = {f"p_nonzero_n{n}": p_nonzero_gradient(n, table["p"].to_numpy()) for n in BUDGETS}
    return table.assign(**chances)


def theorem_points(_: StudyFrames) -> pd.DataFrame:
    """Theorem 1 at the success rates of its figure; columns of ``allocation.theorem.theorem_rows``."""
    return pd.DataFrame(theorem_rows(CURVE_RATES))


def value_points(_: StudyFrames) -> pd.DataFrame:
    """``V(N, p)`` and its first factor on the grid of the figure; columns of ``allocation.grids.value_rows``."""
    return pd.DataFrame(value_rows())


SHOWN_RATES = (0.01, 0.05, 0.125, 0.25, 0.5)
SHOWN_ROLLOUTS = (4, 8, 16, 32, 128)
FIRST, BOUND, EXACT = "#0072B2", "#D55E00", "#009E73"

SHARES = (
    ("share_at_necessary", BOUND, "with the bound's N"),
    ("share_at_sufficient", EXACT, "with the fewest"),
)


def draw_value_contour(values: pd.DataFrame) -> Figure:
    """``V(N, p) = [1 - p^N - (1-p)^N] p (1-p)^2`` over success rate and rollouts, and the best p for each N.

    Args:
        values: a full grid with ``p, num_rollouts, value``.
    """
    grid = values.pivot_table(index="num_rollouts", columns="p", values="value")
    figure, axes = panel_grid(1, 1, height=2.0)
    ax = axes[0, 0]
    shade = sns.light_palette("#0072B2", as_cmap=True)
    filled = ax.contourf(grid.columns, grid.index, grid.to_numpy(), levels=14, cmap=shade)
    ax.plot(grid.idxmax(axis="columns"), grid.index, color=BOUND, marker="o", label="best rate for N")
    count_axis(ax, along="y", every=1)
    ax.set_ylim(grid.index.min(), grid.index.max())
    ax.set_xlabel("success rate p")
    ax.set_ylabel("rollouts N")
    ax.grid(visible=False)
    ax.legend(loc="upper right")
    figure.colorbar(filled, ax=ax, label="value V(N, p)")
    return figure


def draw_value_figure(frames: StudyFrames) -> Figure:
    """``draw_value_contour`` on the grid of its figure."""
    return draw_value_contour(value_points(frames))


def draw_theorem_figure(frames: StudyFrames) -> Figure:
    """``draw_theorem`` at the success rates of its figure."""
    return draw_theorem(theorem_points(frames))


def draw_gradient_curves(values: pd.DataFrame) -> Figure:
    """Chance that a group holds both outcomes: against its rollouts for some rates, against the rate for some sizes.

    Args:
        values: a full grid with ``p, num_rollouts, p_nonzero_gradient``; the nearest rates of the grid are drawn.
    """
    figure, axes = panel_grid(1, 2, height=1.9, sharey=True)
    known = np.sort(values["p"].unique())
    shown = [float(known[np.abs(known - rate).argmin()]) for rate in SHOWN_RATES]
    panels = (("p", shown, "num_rollouts", "p = {:g}"), ("num_rollouts", SHOWN_ROLLOUTS, "p", "N = {:g}"))
    for ax, (fixed, levels, along, label) in zip(axes[0], panels, strict=True):
        for level, color in zip(levels, sns.color_palette("viridis", len(levels)), strict=True):
            curve = values[values[fixed] == level].sort_values(along)
            ax.plot(curve[along], curve["p_nonzero_gradient"], color=color, label=label.format(level))
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    count_axis(axes[0, 0], along="x")
    axes[0, 0].set_xlabel("rollouts N")
    axes[0, 1].set_xlabel("success rate p")
    axes[0, 0].set_ylabel("chance of a non-zero gradient")
    axes[0, 0].set_ylim(0, 1.02)
    tidy_axes(axes)
    return figure


def draw_theorem(theorem: pd.DataFrame) -> Figure:
    """Theorem 1 against simulation: mean rollouts until both outcomes, and what its bound for 90% delivers.

    Args:
        theorem: rows of ``theorem_rows``, one per success rate; points carry 95% intervals.
    """
    rows = theorem.sort_values("p")
    figure, axes = panel_grid(1, 2, height=1.6)
    left, right = axes[0]
    _draw_rollouts(left, rows)
    _draw_shares(right, rows)
    for ax, side in ((left, "left"), (right, "right")):
        ax.set_xlabel("success rate p")
        ax.legend(loc=f"lower {side}", bbox_to_anchor=(float(ax is right), 1.0))
    note_below(figure, f"Simulated: n = {int(rows['num_trials'].max()):,} groups per success rate.")
    tidy_axes(axes)
    return figure


def _draw_rollouts(ax: Axes, rows: pd.DataFrame) -> None:
    ax.plot(rows["p"], rows["expected_first"], color=FIRST, label="mean until both outcomes")
    error = 1.96 * rows["simulated_first_se"]
    simulated: dict[str, Any] = {"color": FIRST, "linestyle": "", "marker": "o", "label": "the same, simulated"}
    ax.errorbar(rows["p"], rows["simulated_first"], yerr=error, **simulated)
    ax.plot(rows["p"], rows["necessary"], color=BOUND, linestyle="--", label="paper's bound for 90%")
    exact: dict[str, Any] = {"linestyle": ":", "marker": "s", "markersize": 2, "label": "fewest for 90%"}
    ax.plot(rows["p"], rows["sufficient"], color=EXACT, **exact)
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    ax.set_ylabel("rollouts")


def _draw_shares(ax: Axes, rows: pd.DataFrame) -> None:
    for column, color, label in SHARES:
        spread = 1.96 * np.sqrt(rows[column] * (1 - rows[column]) / rows["num_trials"])
        around = column == "share_at_necessary"  # where the bound suffices, both are the same number
        face = (
            {"marker": "s", "markersize": 5, "markerfacecolor": "none"} if around else {"marker": "o", "markersize": 2}
        )
        look: dict[str, Any] = {"color": color, "linestyle": "", "linewidth": 0.8, "markeredgewidth": 0.7} | face
        ax.errorbar(rows["p"], rows[column], yerr=spread, label=label, **look)
    ax.axhline(0.9, color="#333333", linestyle="--", linewidth=0.7, label="90%")
    ax.set_ylabel("share of groups\nwith both outcomes")
