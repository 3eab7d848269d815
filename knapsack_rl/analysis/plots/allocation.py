"""Figure: where the rollouts go, against what is believed about a prompt.

The picture that the reviews of Knapsack RL asked for: rollouts per prompt against its believed success rate, with the
unknown, never-solved and always-solved prompts kept apart.
"""

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from knapsack_rl.analysis.differences import BASELINE_STRATEGY
from knapsack_rl.analysis.frames import CELL_KEYS, StudyFrames
from knapsack_rl.analysis.plots.style import (
    ArmStyle,
    arm_handles,
    arm_styles,
    cell_title,
    cells_of,
    in_cell,
    legend_above,
    panel_grid,
)
from knapsack_rl.analysis.rate_classes import (
    CLASS_NAMES,
    FIRST_INTERIOR,
    NUM_INTERIOR,
    ONE,
    UNKNOWN,
    ZERO,
    rate_class,
)
from knapsack_rl.analysis.stats import FloatArray, mean_interval, seed_means

BLOCKS = ((-0.37, -0.25), (-0.16, -0.04), *((i / 10, (i + 1) / 10) for i in range(NUM_INTERIOR)), (1.04, 1.16))
"""Left and right end of each column of a heat map: unknown, 0, the ten tenths strictly between, 1."""

TICKS = {-0.31: "?", -0.10: "0", 0.2: "0.2", 0.4: "0.4", 0.6: "0.6", 0.8: "0.8", 1.10: "1"}
COUNT_EDGES = np.array([0.5, 1.5, 2.5, 3.5, 4.5, 6.5, 8.5, 12.5, 16.5, 24.5, 32.5, 48.5, 64.5, 96.5, 128.5])
SHADE = sns.light_palette("#3A3F47", as_cmap=True)
"""Neutral, so that every arm's colour shows on it."""


def draw_allocation(frames: StudyFrames) -> Figure:
    """Rollouts per visit against the believed success rate, and the distribution of rollouts per visit.

    Columns: model and budget N. One row per arm other than the baseline: shade is the share of the visits of a belief
    class that got so many rollouts (each class sums to 1), the line their mean over seeds with 95% t-intervals (none
    below three). Last row: share of repeat visits that got at least n rollouts, all seeds together.
    """
    groups, cells = frames.groups, cells_of(frames.groups)
    arms = groups[["arm", "strategy"]].drop_duplicates()
    shown = [str(arm) for arm in arms.loc[arms["strategy"] != BASELINE_STRATEGY, "arm"].unique()]
    styles = arm_styles(list(arms["arm"].unique()))
    figure, axes = panel_grid(len(shown) + 1, len(cells), panel=(2.9, 2.3))
    edges = count_edges(groups["num_rollouts"].max())
    for column, cell in enumerate(cells):
        visits = in_cell(groups, cell)
        for row, arm in enumerate(shown):
            ax = axes[row, column]
            mesh = _draw_heat(ax, visits[visits["arm"] == arm], edges=edges, style=styles[arm])
            _label_heat(ax, arm=arm if column == 0 else "", budget=cell[1], edges=edges)
            if column == len(cells) - 1:
                figure.colorbar(mesh, ax=ax, label="share of visits in class", pad=0.03)
        _draw_tail(axes[-1, column], visits[visits["visit"] > 1], styles=styles, edges=edges)
        axes[-1, column].set_ylabel("share of repeat visits\nwith at least n" if column == 0 else "")
        axes[0, column].set_title(cell_title(frames.steps, cell))
    spend = Line2D([], [], color="#333333", linestyle="--", linewidth=0.9, label="uniform share N")
    legend_above(figure, [*arm_handles(styles), spend])
    return figure


def allocation_points(frames: StudyFrames) -> pd.DataFrame:
    """What the figure shows: per arm and belief class the mean count, and the share of its visits with each count.

    Returns:
        ``model, budget, arm, belief`` (class), ``num_rollouts, num_visits, share_of_class, repeat_visits`` (of those,
        how many were not first visits) and the class's ``mean_rollouts`` over seeds with ``_low`` and ``_high``.
    """
    groups = frames.groups.assign(belief=rate_class(frames.groups["p_belief"]), repeat=frames.groups["visit"] > 1)
    arm = [*CELL_KEYS, "arm"]
    counted = groups.groupby([*arm, "belief", "num_rollouts"], observed=True)["repeat"].agg(["size", "sum"])
    counted = counted.set_axis(["num_visits", "repeat_visits"], axis=1).reset_index()
    in_class = counted.groupby([*arm, "belief"], observed=True)["num_visits"].transform("sum")
    means = seed_means(groups, [*arm, "belief"], values=["num_rollouts"]).drop(columns="num_seeds")
    means.columns = pd.Index([column.replace("num_rollouts", "mean_rollouts") for column in means.columns])
    points = counted.assign(share_of_class=counted["num_visits"] / in_class).merge(means, on=[*arm, "belief"])
    return points.assign(belief=[CLASS_NAMES[belief] for belief in points["belief"]])


def count_edges(most: int) -> FloatArray:
    """Borders of the classes of counts, up to the first that holds ``most`` rollouts."""
    edges = COUNT_EDGES
    while edges[-1] < most:
        edges = np.append(edges, edges[-1] * 2)
    return edges[: int(np.searchsorted(edges, most)) + 1]


def heat(visits: pd.DataFrame, edges: FloatArray) -> FloatArray:
    """Share of each belief class's visits per class of counts; NaN columns for classes that never occur.

    Returns:
        One row per class of counts, one column per belief class; columns sum to 1.
    """
    columns = rate_class(visits["p_belief"]).to_numpy()
    rows = np.clip(np.digitize(visits["num_rollouts"].to_numpy(), edges) - 1, 0, edges.size - 2)
    counted = np.zeros((edges.size - 1, len(BLOCKS)))
    np.add.at(counted, (rows, columns), 1)
    totals = counted.sum(axis=0)
    return np.where(totals > 0, counted / np.where(totals > 0, totals, 1), np.nan)


def mean_counts(visits: pd.DataFrame) -> pd.DataFrame:
    """Mean rollouts per visit of each belief class: over seeds, with t-intervals; indexed by class."""
    per_seed = visits.groupby([rate_class(visits["p_belief"]).rename("belief"), "seed"])["num_rollouts"].mean()
    found = {belief: mean_interval(values) for belief, values in per_seed.groupby(level="belief")}
    rows = {belief: (interval.mean, interval.low, interval.high) for belief, interval in found.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "low", "high"])


def _draw_heat(ax: Axes, visits: pd.DataFrame, *, edges: FloatArray, style: ArmStyle) -> Any:  # noqa: ANN401 - a mesh
    shares = heat(visits, edges)
    settings: dict[str, Any] = {"cmap": SHADE, "vmin": 0, "vmax": 1, "linewidth": 0, "rasterized": True}
    for column in (UNKNOWN, ZERO, ONE):
        ax.pcolormesh(BLOCKS[column], edges, shares[:, [column]], **settings)
    borders = [left for left, _ in BLOCKS[FIRST_INTERIOR:ONE]] + [1.0]
    mesh = ax.pcolormesh(borders, edges, shares[:, FIRST_INTERIOR:ONE], **settings)
    means = mean_counts(visits)
    for classes in ([UNKNOWN], [ZERO], list(range(FIRST_INTERIOR, ONE)), [ONE]):
        part = means[means.index.isin(classes)]
        at = [sum(BLOCKS[belief]) / 2 for belief in part.index]
        ax.plot(at, part["mean"], color=style.color, marker=style.marker, markersize=4.5, markeredgecolor="white")
        if part["low"].notna().any():
            half = (part["high"] - part["low"]) / 2
            ax.errorbar(at, part["mean"], yerr=half, color=style.color, linestyle="", capsize=2, linewidth=1)
    return mesh


def _label_heat(ax: Axes, *, arm: str, budget: int, edges: FloatArray) -> None:
    ax.axhline(budget, color="#333333", linestyle="--", linewidth=0.9)
    ax.set_yscale("log", base=2)
    ax.set_ylim(edges[0], edges[-1])
    ax.yaxis.set_major_locator(FixedLocator([2.0**power for power in range(9)]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    ax.set_xticks(list(TICKS), list(TICKS.values()))
    ax.set_xlim(-0.42, 1.21)
    ax.grid(visible=False)
    ax.set_xlabel("believed success rate (? = unknown)")
    ax.set_ylabel(f"{arm}\nrollouts per visit" if arm else "")


def _draw_tail(ax: Axes, visits: pd.DataFrame, *, styles: dict[str, ArmStyle], edges: FloatArray) -> None:
    """Share of visits with at least n rollouts, for every n until none has."""
    for arm, of_arm in visits.groupby("arm", sort=False):
        counts = np.sort(of_arm["num_rollouts"].to_numpy())
        n = np.arange(1, counts[-1] + 2)
        share = 1 - np.searchsorted(counts, n, side="left") / counts.size
        ax.step(n, share, where="mid", color=styles[str(arm)].color)
    if visits.empty:
        ax.text(0.5, 0.5, "no prompt was\nvisited twice", transform=ax.transAxes, ha="center", va="center")
    ax.set_xscale("log", base=2)
    ax.set_xlim(0.9, edges[-1] * 1.2)
    ax.xaxis.set_major_locator(FixedLocator([2.0**power for power in range(9)]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    ax.set_ylim(0, 1.03)
    ax.set_xlabel("n, rollouts per visit")
    ax.spines[["top", "right"]].set_visible(False)
