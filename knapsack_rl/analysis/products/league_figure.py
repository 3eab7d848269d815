"""Figures of the league table: a row per arm with its difference, rank and chance to be first; accuracy over tokens."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from knapsack_rl.analysis.drawing.around import notes_below
from knapsack_rl.analysis.drawing.looks import ArmStyle, arm_looks, strategies_in
from knapsack_rl.analysis.drawing.marks import draw_interval, own
from knapsack_rl.analysis.drawing.style import REFERENCE, cell_title, cells_of, in_cell, panel_grid, say, tidy_axes
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.measures.other_budgets import with_other_budgets
from knapsack_rl.analysis.measures.roles import CONTROL
from knapsack_rl.analysis.products.standings import standings

ROW_INCHES = 0.112
POINTS = 100.0

SHOWN = {"difference": "points over uniform", "rank": "rank", "first": "share of\ndraws first"}
"""Columns of the table, one panel each, and their axis labels."""

ENDS = ("_low", "_high")

NOTE = "Controls, names in brackets, have no rank."


def league_points(frames: StudyFrames) -> pd.DataFrame:
    """What the forest shows: rows of the table, differences in points."""
    table = standings(*with_other_budgets(frames))
    ends = ["difference", "difference_low", "difference_high"]
    columns = ["model", "budget", "arm", "role", "num_seeds", *ends, "rank", "rank_low", "rank_high", "first"]
    return table.assign(**(table[ends].astype(float) * POINTS))[columns]


def draw_league(frames: StudyFrames) -> Figure:
    """Accuracy differences with 95% t-intervals, best first; ranks with theirs; share of draws with the arm first."""
    points, looks = league_points(frames), _looks(frames)
    cells = cells_of(points)
    most = max((len(in_cell(points, cell)) for cell in cells), default=1)
    figure, axes = panel_grid(
        max(1, len(cells)), len(SHOWN), height=0.5 + ROW_INCHES * most, width_ratios=[2.2, 1.4, 1.0]
    )
    for panels, cell in zip(axes, cells, strict=False):
        rows = in_cell(points, cell).reset_index(drop=True)
        for ax, (name, label) in zip(panels, SHOWN.items(), strict=True):
            _draw_panel(ax, rows, name=name, looks=looks)
            if rows[name].isna().all():
                say(ax, "too few\nreplicates")
            ax.set_xlabel(label)
        _name_rows(panels, rows, looks=looks)
        panels[0].axvline(0.0, color=REFERENCE, linewidth=0.6, zorder=1)
        panels[0].set_title(cell_title(points, cell), loc="left")
    for ax in () if cells else axes[0]:
        say(ax, "nothing to\ncompare")
    notes_below(figure, frames, looks=looks, also=NOTE)
    tidy_axes(axes)
    return figure


def _looks(frames: StudyFrames) -> dict[str, ArmStyle]:
    return arm_looks(strategies_in(with_other_budgets(frames)[0].steps))


def _draw_panel(ax: Axes, rows: pd.DataFrame, *, name: str, looks: Mapping[str, ArmStyle]) -> None:
    for place, row in enumerate(rows.to_dict("records")):
        if pd.isna(row[name]):
            continue
        look = looks[str(row["arm"])]
        if name == "first":
            own(ax.barh(place, row[name], height=0.7, color=look.shown_color), look)
        else:
            low, high = (np.nan if pd.isna(row[f"{name}{end}"]) else float(row[f"{name}{end}"]) for end in ENDS)
            draw_interval(ax, place, ends=(low, float(row[name]), high), look=look)
    if name == "first":
        ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        ax.set_xlim(left=0.0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=3, min_n_ticks=2, integer=name == "rank"))


def _name_rows(panels: Sequence[Axes], rows: pd.DataFrame, *, looks: Mapping[str, ArmStyle]) -> None:
    names = [f"({arm})" if role == CONTROL else arm for arm, role in zip(rows["arm"], rows["role"], strict=True)]
    for ax in panels:
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_yticks(range(len(rows)), names if ax is panels[0] else [""] * len(rows))
        ax.tick_params(axis="y", length=0)
    for label, arm in zip(panels[0].get_yticklabels(), rows["arm"], strict=True):
        own([label], looks[arm])
        if not looks[arm].quiet:
            label.set(color=looks[arm].color, fontweight="bold")


def tokens_points(frames: StudyFrames) -> pd.DataFrame:
    """Final accuracy of every arm, the tokens that its runs generated, and its place by the accuracy difference."""
    table = standings(*with_other_budgets(frames))
    place = table.groupby(["model", "budget"], sort=False).cumcount() + 1
    columns = ["model", "budget", "arm", "role", "num_seeds", "total_response_tokens", "pass_at_1"]
    return table[columns].assign(place=place)


def draw_league_tokens(frames: StudyFrames) -> Figure:
    """A number per arm, its place in the forest, where its mean accuracy and mean generated tokens are."""
    points, looks = tokens_points(frames), _looks(frames)
    cells = cells_of(points)
    figure, axes = panel_grid(max(1, len(cells)), 1, height=2.4)
    for (ax,), cell in zip(axes, cells, strict=False):
        for row in in_cell(points, cell).to_dict("records"):
            look = looks[str(row["arm"])]
            at = (row["total_response_tokens"] / 1e3, row["pass_at_1"])
            color, weight = (REFERENCE, "normal") if look.quiet else (look.color, "bold")
            place = str(row["place"])
            own([ax.text(*at, place, ha="center", va="center", fontsize=6, color=color, fontweight=weight)], look)
            own(ax.plot(*at, linestyle="", marker=""), look)  # a text does not widen the axes
        ax.set(xlabel="generated response tokens, thousands", ylabel="accuracy (avg@k)")
        ax.set_title(cell_title(points, cell), loc="left")
        ax.margins(0.06)
    if not cells:
        say(axes[0, 0], "nothing to compare")
    notes_below(figure, frames, also="Numbers: places in the figure league, from the top.")
    tidy_axes(axes)
    return figure
