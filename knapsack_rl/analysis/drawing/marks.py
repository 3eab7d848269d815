"""What is drawn of an arm: lines with bands, points with intervals, entries of the legend."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from knapsack_rl.analysis.drawing.looks import ArmStyle, loud
from knapsack_rl.analysis.drawing.style import BAND_ALPHA, REFERENCE

MARK = "arm:"
"""Start of the group id of everything that belongs to an arm; the report shows and hides by it."""

FEW_POINTS = 8
"""About this many points of a line carry a marker."""


def own(artists: Iterable[Artist], look: ArmStyle) -> None:
    """Mark artists as an arm's."""
    for artist in artists:
        artist.set_gid(f"{MARK}{look.arm}")


def draw_band(ax: Axes, points: pd.DataFrame, *, x: str, y: str, look: ArmStyle, band: bool = True) -> Line2D:
    """A mean line over seeds with its interval as a band; some points get markers.

    Args:
        ax: where.
        points: with ``x``, ``y`` and, for the band, ``y_low`` and ``y_high``.
        x: abscissa.
        y: ordinate.
        look: of the arm; a quiet one has a line alone.
        band: whether to draw the interval.

    Returns:
        The line.
    """
    at, mean = points[x].to_numpy(float), points[y].to_numpy(float)
    (line,) = ax.plot(at, mean, **line_of(look, num_points=len(points)))
    own([line], look)
    low, high = (
        points[f"{y}_{end}"].to_numpy(float) if band else np.full(len(points), np.nan) for end in ("low", "high")
    )
    if np.isfinite(low).any() and not look.quiet:
        edge: dict[str, Any] = {"linewidth": 0.3, "edgecolor": (look.color, 0.6)}
        own([ax.fill_between(at, low, high, facecolor=(look.color, BAND_ALPHA), **edge)], look)
    return line


def line_of(look: ArmStyle, *, num_points: int = 1) -> dict[str, Any]:
    """Settings of an arm's line."""
    if look.quiet:
        return {"color": look.shown_color, "linewidth": 0.5, "zorder": 1.5}
    every = max(1, -(-num_points // FEW_POINTS))
    return {"color": look.color, "linestyle": look.dashes, "marker": look.marker, "markevery": every, "zorder": 2.5}


def draw_interval(ax: Axes, at: float, *, ends: tuple[float, float, float], look: ArmStyle) -> None:
    """A mean as a marker with its interval as a horizontal line.

    Args:
        ax: where.
        at: ordinate.
        ends: low, mean, high; low and high may be NaN.
        look: of the arm.
    """
    low, mean, high = ends
    if np.isfinite(low):
        settings: dict[str, Any] = {"color": look.shown_color, "solid_capstyle": "butt", "zorder": 2.4}
        own(ax.plot([low, high], [at, at], linewidth=0.9, **settings), look)
    marker = "o" if look.quiet else look.marker
    own(ax.plot([mean], [at], marker=marker, linestyle="", color=look.shown_color, zorder=2.6), look)


def arm_handles(looks: Mapping[str, ArmStyle], *, line: bool = True) -> list[Artist]:
    """Legend entries, one per arm that stands out."""
    handles: list[Artist] = []
    for arm, look in loud(looks).items():
        settings = line_of(look) | ({} if line else {"linestyle": ""})
        handles.append(Line2D([], [], label=arm, **settings))
        own(handles[-1:], look)
    return handles


def seed_mark() -> Artist:
    """Legend entry of the small strokes that are single seeds."""
    settings: dict[str, Any] = {"marker": "|", "linestyle": "", "markersize": 2.6, "markeredgewidth": 0.4}
    return Line2D([], [], color="#444444", label="one seed", **settings)


def base_mark() -> Artist:
    """Legend entry of the long strokes that are the model before training."""
    return Line2D([], [], color=REFERENCE, marker="|", linestyle="", markeredgewidth=1.2, label="base model")


def reference(label: str, linestyle: Any = "--") -> Artist:  # noqa: ANN401 - whatever matplotlib takes
    """Legend entry of a line that is no arm's."""
    return Line2D([], [], color=REFERENCE, linestyle=linestyle, linewidth=0.8, label=label)
