"""What stands around the panels: the legend above, notes below. The figure grows by the height of both."""

import textwrap
from collections.abc import Mapping, Sequence

from matplotlib.artist import Artist
from matplotlib.figure import Figure

from knapsack_rl.analysis.drawing.looks import ArmStyle, loud
from knapsack_rl.analysis.drawing.style import COLUMN_WIDTH, SMALLEST
from knapsack_rl.analysis.frames.schemas import FINISHED
from knapsack_rl.analysis.frames.study import StudyFrames

LINE_INCHES = 0.118
"""Height of a line of a legend or note."""

LETTERS = 66
"""Of a line of a note."""

MOST_NAMED = 3
"""Missing runs that a note names."""


def legend_above(figure: Figure, handles: Sequence[Artist]) -> None:
    """One legend for the figure, above its panels; the figure grows by its height."""
    names = [str(handle.get_label()) for handle in handles]
    entry_inches = 0.42 + 0.054 * max((len(name) for name in names), default=0)
    columns = max(1, min(len(handles), int(COLUMN_WIDTH / entry_inches)))
    legend = figure.legend(handles=list(handles), loc="outside upper center", ncols=columns)
    for handle, entry, text in zip(handles, legend.legend_handles, legend.get_texts(), strict=True):
        owner = handle.get_gid() if isinstance(handle, Artist) else None  # an errorbar is no artist
        for artist in filter(None, (entry, text) if owner else ()):
            artist.set_gid(owner)
    _grow(figure, -(-len(handles) // columns))


def notes_below(
    figure: Figure, frames: StudyFrames, *, looks: Mapping[str, ArmStyle] | None = None, also: str = ""
) -> None:
    """What a reader must know beside the legend: who is grey, which runs are missing."""
    quiet = len(looks or {}) - len(loud(looks or {}))
    grey = [f"Grey: the other {quiet} arms."] if quiet else []
    note_below(figure, " ".join(filter(None, [also, *grey, missing_runs(frames)])))


def note_below(figure: Figure, text: str) -> None:
    """Small print below the panels; the figure grows by its height."""
    lines = textwrap.wrap(text.strip(), LETTERS, break_on_hyphens=False)
    if lines:
        figure.supxlabel("\n".join(lines), fontsize=SMALLEST, x=0.01, ha="left", color="#444444")
        _grow(figure, len(lines))


def missing_runs(frames: StudyFrames) -> str:
    """Which runs of the study have no records, or nothing."""
    missing = [str(run_id) for run_id in frames.runs.loc[frames.runs["status"] != FINISHED, "run_id"]]
    named = ", ".join(missing[:MOST_NAMED]) + (", ..." if len(missing) > MOST_NAMED else "")
    return f"Missing: {len(missing)} of {len(frames.runs)} runs ({named})." if missing else ""


def _grow(figure: Figure, num_lines: int) -> None:
    figure.set_figheight(figure.get_figheight() + num_lines * LINE_INCHES + 0.04)
