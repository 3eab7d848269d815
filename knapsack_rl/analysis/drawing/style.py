"""One look for all figures: as wide as a column of a page, no letter below 6 points, legend above, notes below.

The width is final: a figure is to be included as it is, so what is legible on the screen is legible in print.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from knapsack_rl.analysis.frames.schemas import CELL_KEYS

COLUMN_WIDTH = 3.3
"""Inches: a column of a two-column page."""

SMALLEST = 6.0
"""Points of the smallest letters, which are those of ticks, legends and notes."""

DPI = 300
BAND_ALPHA = 0.16

REFERENCE = "#555555"
"""Lines that are no arm's: an equal share, zero, the model before training."""

_SETTINGS: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#444444",
    "axes.grid": True,
    "axes.labelpad": 2,
    "axes.labelsize": 6.5,
    "axes.linewidth": 0.5,
    "axes.titlepad": 3,
    "axes.titlesize": 6.5,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 6.5,
    "grid.color": "#E3E5E8",
    "grid.linewidth": 0.4,
    "legend.borderaxespad": 0.2,
    "legend.columnspacing": 1.2,
    "legend.fontsize": SMALLEST,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "legend.handletextpad": 0.5,
    "legend.labelspacing": 0.25,
    "lines.linewidth": 1.0,
    "lines.markeredgewidth": 0.3,
    "lines.markersize": 2.8,
    "pdf.fonttype": 42,
    **{f"{axis}tick.{name}": value for axis in "xy" for name, value in
       {"labelsize": SMALLEST, "major.size": 2, "major.width": 0.5, "major.pad": 1.5}.items()},
}  # fmt: skip


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and save inside this context; nothing outside it changes."""
    with mpl.rc_context(cast(Any, _SETTINGS)):
        yield


def cells_of(frame: pd.DataFrame) -> list[tuple[str, int]]:
    """The (model, budget) cells in order of appearance."""
    return list(frame[list(CELL_KEYS)].drop_duplicates().itertuples(index=False, name=None))


def in_cell(frame: pd.DataFrame, cell: tuple[str, int]) -> pd.DataFrame:
    """Rows of one cell."""
    model, budget = cell
    return frame[(frame["model"] == model) & (frame["budget"] == budget)]


def num_seeds(points: pd.DataFrame) -> str:
    """The seeds n behind some rows, the fewest and the most of their arms if they differ: ``n = 2-3``.

    Args:
        points: with ``num_seeds``, or one row per run with ``arm`` and ``seed``.
    """
    seeds = points["num_seeds"] if "num_seeds" in points else points.groupby("arm", observed=True)["seed"].nunique()
    low, high = (int(seeds.min()), int(seeds.max())) if seeds.notna().any() else (0, 0)
    return f"n = {low if low == high else f'{low}-{high}'}"


def cell_title(points: pd.DataFrame, cell: tuple[str, int], *, width: int = 60) -> str:
    """Model, budget N and the seeds n behind a cell's panel.

    Args:
        points: with ``CELL_KEYS``, and what `num_seeds` needs.
        cell: model and budget.
        width: letters of a line; longer text is broken.
    """
    numbers = f"N = {cell[1]}, {num_seeds(in_cell(points, cell))}"
    if len(f"{cell[0]}, {numbers}") <= width:
        return f"{cell[0]}, {numbers}"
    return "\n".join([broken(cell[0], width), numbers if len(numbers) <= width else numbers.replace(", ", "\n")])


def panel_grid(num_rows: int, num_columns: int, *, height: float, **settings: Any) -> tuple[Figure, Any]:  # noqa: ANN401
    """A figure of equal panels as wide as a column, without pyplot, hence without global state; axes as a 2-D array.

    Args:
        num_rows: of panels.
        num_columns: of panels.
        height: inches of one row.
        **settings: of ``Figure.subplots``.
    """
    engine = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.025, wspace=0.02, hspace=0.02)
    figure = Figure(figsize=(COLUMN_WIDTH, height * num_rows + 0.15), layout=engine)
    return figure, figure.subplots(num_rows, num_columns, squeeze=False, **settings)


def say(ax: Axes, text: str) -> None:
    """Words in the middle of a panel that has nothing to show."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", fontsize=SMALLEST, color="#444444")


def count_axis(ax: Axes, *, along: str, every: int = 2) -> None:
    """A logarithmic axis of counts with ticks at powers of 2: all from 1 on, or every other one from 2 on."""
    getattr(ax, f"set_{along}scale")("log", base=2)
    axis = ax.yaxis if along == "y" else ax.xaxis
    axis.set_major_locator(FixedLocator([2.0**power for power in range(every - 1, 12, every)]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(StrMethodFormatter("{x:.0f}"))


def broken(name: str, width: int) -> str:
    """A name on lines of ``width`` letters where it can be broken, which is after ``_`` and ``-``."""
    pieces = re.findall(r"[^_-]*[_-]?", name)
    lines = [""]
    for piece in filter(None, pieces):
        fits = len(lines[-1]) + len(piece) <= width
        lines = [*lines[:-1], lines[-1] + piece] if fits else [*lines, piece]
    return "\n".join(filter(None, lines))


def tidy_axes(axes: Any) -> None:  # noqa: ANN401 - an array of axes
    """Remove the frame lines that carry no data."""
    for ax in np.asarray(axes, dtype=object).ravel():
        sns.despine(ax=ax)


SHADE = sns.light_palette("#3A3F47", as_cmap=True)
"""Neutral, so that every arm's colour shows on it."""
