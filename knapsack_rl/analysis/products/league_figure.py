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
from knapsack_rl.base.arrays import BoolArray, FloatArray

ROW_INCHES = 0.112
POINTS = 100.0

SHOWN = {"difference": "points over uniform", "rank": "rank", "first": "share of\ndraws first"}
"""Columns of the table, one panel each, and their axis labels."""

NBINS = {"difference": 3, "rank": 3, "first": 2}
"""Most intervals between ticks, so that their labels do not touch."""

ENDS = ("_low", "_high")

POINTS_PER_INCH = 72
ROOM_POINTS = 12
"""Least distance of two numbers, across or upwards."""

TOKENS_NOTE = "Numbers: places in the figure league, from the top. Dots: arms too close to a number."
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
    ax.xaxis.set_major_locator(MaxNLocator(nbins=NBINS[name], min_n_ticks=2, integer=name == "rank"))


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
        rows = in_cell(points, cell)
        x, y = rows["total_response_tokens"].to_numpy() / 1e3, rows["pass_at_1"].to_numpy()
        ax.plot(x, y, linestyle="", marker="")  # a text does not widen the axes
        ax.set(xlabel="generated response tokens, thousands", ylabel="accuracy (avg@k)")
        ax.set_title(cell_title(points, cell), loc="left")
        ax.margins(0.06)
        quiet = np.array([looks[str(arm)].quiet for arm in rows["arm"]])
        numbered = _apart(ax, np.column_stack([x, y]), first=~quiet)
        for number, (place, arm) in enumerate(zip(rows["place"], rows["arm"], strict=True)):
            _mark(ax, (x[number], y[number]), text=str(place) if numbered[number] else "", look=looks[str(arm)])
    if not cells:
        say(axes[0, 0], "nothing to compare")
    notes_below(figure, frames, also=TOKENS_NOTE)
    tidy_axes(axes)
    return figure


def _apart(ax: Axes, at: FloatArray, *, first: BoolArray) -> BoolArray:
    """Which points can have a number without covering another's; those of ``first`` choose before the others.

    Args:
        ax: with its points drawn.
        at: points, in the axes' data.  [A, 2]
        first: those that choose first.  [A]
    """
    ax.autoscale_view()  # limits follow what was drawn only when they are asked for
    pixels = ax.transData.transform(at)
    room = ROOM_POINTS * float(ax.figure.dpi) / POINTS_PER_INCH
    chosen = np.zeros(len(at), dtype=np.bool_)
    for number in sorted(range(len(at)), key=lambda place: not first[place]):
        apart = np.abs(pixels[chosen] - pixels[number]).max(axis=1, initial=0.0) > room
        chosen[number] = bool(apart.all())
    return chosen


def _mark(ax: Axes, at: tuple[float, float], *, text: str, look: ArmStyle) -> None:
    color, weight = (REFERENCE, "normal") if look.quiet else (look.color, "bold")
    if text:
        own([ax.text(*at, text, ha="center", va="center", fontsize=6, color=color, fontweight=weight)], look)
    else:
        own(ax.plot(*at, linestyle="", marker=".", markersize=3, color=color), look)
