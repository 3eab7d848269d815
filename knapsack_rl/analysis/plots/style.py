"""One look for all figures: sizes, fonts, one colour and marker per arm, one line style per budget.

The colours are those of Okabe and Ito, which stay apart for colour-blind readers; markers repeat the distinction.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import Any, cast

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.typing import LineStyleType

from knapsack_rl.analysis.frames import CELL_KEYS


@dataclass(frozen=True, slots=True)
class ArmStyle:
    """How an arm is drawn.

    Example: ``ArmStyle(color="#D55E00", marker="o")``.
    """

    color: str
    marker: str
    quiet: bool = False
    """One of many: a thin line without its band, so that the main arms stand out."""


KNOWN_ARMS = {
    "uniform": ArmStyle("#5F6B7A", "s"),
    "knapsack": ArmStyle("#D55E00", "o"),
    "knapsack_posterior": ArmStyle("#009E73", "^"),
    "random_matched": ArmStyle("#CC79A7", "D"),
    "oracle": ArmStyle("#0072B2", "v"),
}
"""Arms that look the same in every study, and are never quiet."""

OTHER_ARMS = (
    ArmStyle("#56B4E9", "P"),
    ArmStyle("#E69F00", "X"),
    ArmStyle("#7A4FA3", "<"),
    ArmStyle("#8C6D31", ">"),
    ArmStyle("#000000", "*"),
)
"""Styles given to other arms in alphabetical order, so that a study looks the same each time it is drawn."""

SHADES = (1.0, 0.72, 0.5)
"""When they are used up, the other styles come again in a lighter shade: no two arms share a colour."""

MAX_BANDS = 4
"""A figure with more arms than this draws the other arms quietly."""

LINE_STYLES: tuple[LineStyleType, ...] = ("-", "--", ":", "-.")
"""By budget, smallest first."""

PANEL_WIDTH, PANEL_HEIGHT = 2.7, 1.9
"""Inches of one panel in a grid of panels."""

MIN_FIGURE_WIDTH = 5.2
"""Inches; a single column of panels is widened to this, so that the legend fits above it."""

BAND_ALPHA = 0.14
DPI = 150

_SETTINGS: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#444444",
    "axes.grid": True,
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.titlesize": 9.5,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "grid.color": "#E3E5E8",
    "grid.linewidth": 0.7,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "pdf.fonttype": 42,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and save inside this context; nothing outside it changes."""
    with mpl.rc_context(cast(Any, _SETTINGS)):
        yield


def arm_styles(arms: Sequence[str]) -> dict[str, ArmStyle]:
    """The look of each arm, in the order given; a function of the names alone, and no colour twice."""
    names, quiet = sorted(set(arms) - set(KNOWN_ARMS)), len(set(arms)) > MAX_BANDS
    unknown = {name: _other_style(rank, quiet=quiet) for rank, name in enumerate(names)}
    return {arm: KNOWN_ARMS.get(arm) or unknown[arm] for arm in arms}


def _other_style(rank: int, *, quiet: bool) -> ArmStyle:
    times, place = divmod(rank, len(OTHER_ARMS))
    base = OTHER_ARMS[place]
    strength = SHADES[times] if times < len(SHADES) else SHADES[-1] / (times - len(SHADES) + 2)
    red, green, blue = (1 - strength * (1 - part) for part in to_rgb(base.color))
    return ArmStyle(to_hex((red, green, blue)).upper(), OTHER_ARMS[(place + times) % len(OTHER_ARMS)].marker, quiet)


def budget_lines(budgets: Sequence[int]) -> dict[int, LineStyleType]:
    """Line style of each budget, smallest first."""
    return dict(zip(sorted(set(budgets)), cycle(LINE_STYLES), strict=False))


def cells_of(frame: pd.DataFrame) -> list[tuple[str, int]]:
    """The (model, budget) cells in order of appearance."""
    return list(frame[list(CELL_KEYS)].drop_duplicates().itertuples(index=False, name=None))


def in_cell(frame: pd.DataFrame, cell: tuple[str, int]) -> pd.DataFrame:
    """Rows of one cell."""
    model, budget = cell
    return frame[(frame["model"] == model) & (frame["budget"] == budget)]


def cell_title(points: pd.DataFrame, cell: tuple[str, int]) -> str:
    """Model, budget N and the seeds n behind a cell's panel, the fewest and the most of its arms if they differ.

    Args:
        points: with ``CELL_KEYS`` and ``num_seeds``, or one row per run with ``arm`` and ``seed``.
        cell: model and budget.
    """
    rows = in_cell(points, cell)
    seeds = rows["num_seeds"] if "num_seeds" in rows else rows.groupby("arm", observed=True)["seed"].nunique()
    low, high = (int(seeds.min()), int(seeds.max())) if seeds.notna().any() else (0, 0)
    return f"{cell[0]}, N = {cell[1]} (n = {low if low == high else f'{low} to {high}'})"


def panel_grid(num_rows: int, num_columns: int, **settings: Any) -> tuple[Figure, Any]:  # noqa: ANN401 - subplots' own
    """A figure of equal panels without pyplot, hence without global state; axes as a 2-D array."""
    width, height = settings.pop("panel", (PANEL_WIDTH, PANEL_HEIGHT))
    width = max(width, MIN_FIGURE_WIDTH / num_columns)
    figure = Figure(
        figsize=(width * num_columns + 0.5, height * num_rows + 0.7),
        layout=ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06),
    )
    return figure, figure.subplots(num_rows, num_columns, squeeze=False, **settings)


def draw_band(ax: Axes, points: pd.DataFrame, *, x: str, y: str, style: ArmStyle, **line: Any) -> None:  # noqa: ANN401
    """A mean line over seeds with its interval as a band; up to a dozen points get markers."""
    look: dict[str, Any] = {"color": style.color, "marker": style.marker, "markevery": spaced(len(points))}
    settings = look | ({"linewidth": 0.8} if style.quiet else {}) | line
    ax.plot(points[x].to_numpy(), points[y].to_numpy(), **settings)
    low, high = points[f"{y}_low"].to_numpy(float), points[f"{y}_high"].to_numpy(float)
    if np.isfinite(low).any() and not style.quiet:
        edge = {"linestyle": settings.get("linestyle", "-"), "linewidth": 0.4, "edgecolor": (style.color, 0.6)}
        ax.fill_between(points[x].to_numpy(), low, high, facecolor=(style.color, BAND_ALPHA), **edge)


FEW_POINTS = 12


def spaced(num_points: int) -> int:
    """Every how many points of a line carry a marker: the marker tells arms apart where colour does not, as in grey."""
    return max(1, -(-num_points // FEW_POINTS))


def arm_handles(styles: dict[str, ArmStyle], *, marker: bool = True) -> list[Artist]:
    """Legend entries, one per arm."""
    return [
        Line2D([], [], color=style.color, marker=style.marker if marker else "", label=arm)
        for arm, style in styles.items()
    ]


def legend_above(figure: Figure, handles: Sequence[Artist]) -> None:
    """One legend for the figure, above its panels."""
    names = [str(handle.get_label()) for handle in handles]
    longest = max((len(name) for name in names if not name.startswith("(")), default=0)  # a note stands last
    width = figure.get_size_inches()[0] / max(1.7, 0.6 + 0.085 * longest)
    columns = max(1, min(len(handles), int(width)))
    figure.legend(handles=list(handles), loc="outside upper center", ncols=columns)


def tidy_axes(axes: Any) -> None:  # noqa: ANN401 - an array of axes
    """Remove the frame lines that carry no data."""
    for ax in np.asarray(axes, dtype=object).ravel():
        sns.despine(ax=ax)
