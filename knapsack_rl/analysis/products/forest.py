"""Figure: what every arm gained over uniform allocation, a row per cell and arm, with the paper's claim as a band."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from knapsack_rl.analysis.drawing.around import legend_above, notes_below
from knapsack_rl.analysis.drawing.looks import ArmStyle, looks_in
from knapsack_rl.analysis.drawing.marks import arm_handles, draw_interval
from knapsack_rl.analysis.drawing.style import REFERENCE, cell_title, num_seeds, panel_grid, say, tidy_axes
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.measures.benchmarks import AVERAGE
from knapsack_rl.analysis.products.differences import differences
from knapsack_rl.analysis.products.pooled import POOLED, pooled_differences

PANELS = {
    "ratio_rollouts": "by rollouts",
    "ratio_prompts": "by prompts",
    f"accuracy/{AVERAGE}": "accuracy",
}
"""Metrics of the table ``differences``, a column of panels each."""

CLAIMED = {"ratio_rollouts": (20.0, 40.0), f"accuracy/{AVERAGE}": (2.0, 4.0)}
"""What the paper (arXiv 2509.25849) says of these, in points: claims R2 and R5a."""

NOTE = "First two: effective-gradient ratio. Grey: the paper's claim ({}).".format(
    ", ".join(f"{low:.0f} to {high:.0f}" for low, high in CLAIMED.values())
)
ROW_INCHES = 0.13
POINTS = 100.0


def forest_points(frames: StudyFrames) -> pd.DataFrame:
    """Rows of ``differences`` that the figure shows, in points: cells with most replicates first, all together last.

    Returns:
        ``model, budget, arm, metric, num_seeds, difference, ci_low, ci_high``; the model is ``POOLED`` and the budget
        missing in the rows of ``pooled_differences``.
    """
    table = differences(frames)
    table = table[table["metric"].isin(list(PANELS))]
    ends = ["difference", "ci_low", "ci_high"]
    points = table[["model", "budget", "arm", "metric", "num_seeds"]].assign(**(table[ends] * POINTS))
    most = points.groupby(["model", "budget"])["num_seeds"].transform("max")
    order = points.assign(most=-most.astype(float)).sort_values("most", kind="stable").index
    pooled = pooled_differences(frames, list(PANELS))
    missing = pd.Series(pd.NA, index=pooled.index, dtype="Int64")
    pooled = pooled.assign(model=POOLED, budget=missing, **(pooled[ends] * POINTS))[list(points)]
    parts = [part for part in (points.loc[order], pooled) if len(part)]
    whole = pd.concat(parts or [points], ignore_index=True)
    return whole.astype({"budget": "Int64", "num_seeds": "Int64"})


def draw_forest(frames: StudyFrames) -> Figure:
    """A row per cell and arm, a column per metric; intervals are paired by seed, none below three seeds."""
    points = forest_points(frames)
    rows = list(points[["model", "budget", "arm"]].drop_duplicates().itertuples(index=False, name=None))
    pooled = sum(model == POOLED for model, _, _ in rows)
    looks = looks_in(frames)
    height = 0.45 + ROW_INCHES * max(1, len(rows))
    figure, axes = panel_grid(1, len(PANELS), height=height, sharey=True)
    for ax, (metric, label) in zip(axes[0], PANELS.items(), strict=True):
        _draw_panel(ax, points[points["metric"] == metric], rows=rows, looks=looks)
        ax.axvline(0.0, color=REFERENCE, linewidth=0.6)
        if metric in CLAIMED:
            ax.axvspan(*CLAIMED[metric], color=REFERENCE, alpha=0.14, linewidth=0)
        ax.set_title(label, loc="left")
        if pooled:
            ax.axhline(0.5 - len(rows) + pooled, color="#444444", linewidth=0.4)
        if not rows:
            say(ax, "nothing to compare")
    axes[0, 1].set_xlabel("points over uniform")
    _name_rows(axes[0, 0], frames.steps, points=points, rows=rows)
    legend_above(figure, arm_handles({arm: looks[arm] for arm in dict.fromkeys(row[2] for row in rows)}, line=False))
    notes_below(figure, frames, also=NOTE)
    tidy_axes(axes)
    return figure


Row = tuple[str, Any, str]
"""Model, budget (missing: all cells together) and arm."""


def _draw_panel(ax: Axes, points: pd.DataFrame, *, rows: list[Row], looks: Mapping[str, ArmStyle]) -> None:
    place = {_key(row): -at for at, row in enumerate(rows)}
    for one in points.dropna(subset=["difference"]).to_dict("records"):
        at = place[_key((one["model"], one["budget"], one["arm"]))]
        draw_interval(ax, at, ends=(one["ci_low"], one["difference"], one["ci_high"]), look=looks[one["arm"]])


def _key(row: Row) -> Row:
    """A row as a key: a missing number is not equal to itself."""
    model, budget, arm = row
    return model, "" if pd.isna(budget) else str(budget), arm


def _name_rows(ax: Axes, steps: pd.DataFrame, *, points: pd.DataFrame, rows: list[Row]) -> None:
    """Model, N and replicates, once per cell; a line above the rows of all cells together."""
    named, labels = set(), []
    for model, budget, _ in rows:
        if model == POOLED:
            title = f"{POOLED}, {num_seeds(points[points['model'] == POOLED])}"
        else:
            title = cell_title(steps, (model, budget))
        labels.append("" if title in named else title)
        named.add(title)
    ax.set_yticks([-at for at in range(len(rows))], labels)
    ax.grid(visible=False, axis="y")
    ax.margins(y=0.05)
