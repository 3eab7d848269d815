"""Figure: where the rollouts go, against what is believed about a prompt.

The picture that the reviews of Knapsack RL asked for: rollouts per prompt against its believed success rate, with the
unknown, never-solved and always-solved prompts kept apart.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from knapsack_rl.analysis.drawing.around import legend_above, notes_below
from knapsack_rl.analysis.drawing.cell_grid import cell_grid
from knapsack_rl.analysis.drawing.looks import ArmStyle, in_panels, looks_in, loud_first
from knapsack_rl.analysis.drawing.marks import arm_handles, own, reference
from knapsack_rl.analysis.drawing.style import REFERENCE, SHADE, cells_of, count_axis, in_cell, say, tidy_axes
from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.frames.step_facts import SECOND_VISIT
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.pairs import baseline_arm
from knapsack_rl.analysis.inference.stats import mean_interval, seed_means
from knapsack_rl.analysis.measures.rate_classes import (
    CLASS_NAMES,
    FIRST_INTERIOR,
    NUM_INTERIOR,
    ONE,
    UNKNOWN,
    ZERO,
    rate_class,
)
from knapsack_rl.base.arrays import FloatArray

BLOCKS = ((-0.37, -0.25), (-0.16, -0.04), *((i / 10, (i + 1) / 10) for i in range(NUM_INTERIOR)), (1.04, 1.16))
"""Left and right end of each column of a heat map: unknown, 0, the ten tenths strictly between, 1."""

TICKS = {-0.31: "?", -0.10: "0", 0.25: ".25", 0.5: ".5", 0.75: ".75", 1.10: "1"}
COUNT_EDGES = np.array([0.5, 1.5, 2.5, 3.5, 4.5, 6.5, 8.5, 12.5, 16.5, 24.5, 32.5, 48.5, 64.5, 96.5, 128.5])

MOST_COLUMNS = 2
"""Cells side by side."""

SHADE_LABEL = "share of the visits of a class"


def draw_allocation(frames: StudyFrames) -> Figure:
    """Rollouts per visit against the believed success rate, and the distribution of rollouts per visit.

    Columns: model and budget N. One row per arm other than the baseline: shade is the share of the visits of a belief
    class that got so many rollouts (each class sums to 1), the line their mean over seeds with 95% t-intervals (none
    below three). Last row: share of repeat visits that got at least n rollouts, all seeds together.
    """
    groups, looks, cells = frames.groups, looks_in(frames), cells_of(frames.groups)
    shown = in_panels(looks, baseline_arm(frames.steps), num_cells=-(-len(cells) // MOST_COLUMNS))
    edges = count_edges(groups["num_rollouts"].max())
    grid = cell_grid(cells, frames.steps, num_rows=len(shown) + 1, height=1.0, most_columns=MOST_COLUMNS)
    mesh: Any = None
    for cell, panels in grid.panels.items():
        visits, title = in_cell(groups, cell), panels[0].get_title()
        for look, ax in zip(shown, panels[:-1], strict=True):
            mesh = _draw_heat(ax, visits[visits["arm"] == look.arm], edges=edges, look=look)
            _label_heat(ax, budget=cell[1], edges=edges, is_last=ax is panels[-2])
            own([ax.set_title(f"{title}\n{look.arm}" if ax is panels[0] else look.arm)], look)
        _draw_tail(panels[-1], visits[visits["visit"] >= SECOND_VISIT], looks=looks, edges=edges)
        tidy_axes(panels[-1])
    for row in range(len(shown)):
        for ax in grid.lefts(row):
            ax.set_ylabel("rollouts")
    for ax in grid.lefts(len(shown)):
        ax.set_ylabel("share of visits\nwith at least n")
    heats = [ax for panels in grid.panels.values() for ax in panels]
    bar: dict[str, Any] = {"location": "bottom", "aspect": 45, "shrink": 0.7, "pad": 0.02, "label": SHADE_LABEL}
    grid.figure.colorbar(mesh, ax=heats, **bar)
    legend_above(grid.figure, [*arm_handles(looks), reference("uniform share N")])
    notes_below(grid.figure, frames, looks=looks, also="?: success rate unknown.")
    return grid.figure


def allocation_points(frames: StudyFrames) -> pd.DataFrame:
    """What the figure shows: per arm and belief class the mean count, and the share of its visits with each count.

    Returns:
        ``model, budget, arm, belief`` (class), ``num_rollouts, num_visits, share_of_class, repeat_visits`` (of those,
        how many were not first visits) and the class's ``mean_rollouts`` over seeds with ``_low`` and ``_high``.
    """
    groups = frames.groups.assign(
        belief=rate_class(frames.groups["p_belief"]), repeat=frames.groups["visit"] >= SECOND_VISIT
    )
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


def _draw_heat(ax: Axes, visits: pd.DataFrame, *, edges: FloatArray, look: ArmStyle) -> Any:  # noqa: ANN401 - a mesh
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
        own(
            ax.plot(
                at, part["mean"], color=look.color, marker=look.marker, markeredgecolor="white", markeredgewidth=0.4
            ),
            look,
        )
        if part["low"].notna().any():
            own([ax.vlines(at, part["low"], part["high"], color=look.color, linewidth=0.8)], look)
    return mesh


def _label_heat(ax: Axes, *, budget: int, edges: FloatArray, is_last: bool) -> None:
    ax.axhline(budget, color=REFERENCE, linestyle="--", linewidth=0.7)
    count_axis(ax, along="y")
    ax.set_ylim(edges[0], edges[-1])
    ax.set_xticks(list(TICKS), list(TICKS.values()))
    ax.set_xlim(-0.42, 1.21)
    ax.grid(visible=False)
    ax.set_xlabel("believed success rate" if is_last else "")


def _draw_tail(ax: Axes, visits: pd.DataFrame, *, looks: dict[str, ArmStyle], edges: FloatArray) -> None:
    """Share of visits with at least n rollouts, for every n until none has."""
    for look in loud_first(looks):
        counts = np.sort(visits.loc[visits["arm"] == look.arm, "num_rollouts"].to_numpy())
        if counts.size:
            n = np.arange(1, counts[-1] + 2)
            share = 1 - np.searchsorted(counts, n, side="left") / counts.size
            settings: dict[str, Any] = {"color": look.shown_color, "zorder": 1.5 if look.quiet else 2.5}
            dashes, width = ("-", 0.5) if look.quiet else (look.dashes, 1.0)
            own(ax.step(n, share, where="mid", linestyle=dashes, linewidth=width, **settings), look)
    if visits.empty:
        say(ax, "no prompt was\nvisited twice")
    count_axis(ax, along="x")
    ax.set_xlim(0.9, edges[-1] * 1.2)
    ax.set_ylim(0, 1.03)
    ax.set_xlabel("n, rollouts of a repeat visit")
