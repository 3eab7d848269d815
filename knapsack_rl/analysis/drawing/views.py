"""A figure as the report shows it: SVG of the whole study and of each of its cells, marks labelled by their arm.

What draws an arm says so by a group id (``marks.own``), which becomes the attribute ``data-arm``.
"""

import io
import re
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from knapsack_rl.analysis.catalogue import FIGURES
from knapsack_rl.analysis.drawing.marks import MARK
from knapsack_rl.analysis.drawing.style import cells_of, in_cell
from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames

UNWANTED = r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>"


def figure_views(
    name: str, draw: Callable[[StudyFrames], Figure], *, frames: StudyFrames, whole: Figure
) -> list[dict[str, Any]]:
    """Figure ``name`` of the whole study and, where that has several cells, of each cell (a model and a budget).

    Returns:
        ``{"model": null, "budget": null, "svg": "<svg ..."}`` first, then one entry per cell.
    """
    cells = cells_of(frames.steps) if FIGURES[name].needs_runs else []
    shown = [(cell, of_cell(frames, cell)) for cell in cells if len(cells) > 1]
    views = [
        {"model": cell[0], "budget": int(cell[1]), "svg": inline_svg(draw(part), salt=f"{name} {cell}")}
        for cell, part in shown
    ]
    return [{"model": None, "budget": None, "svg": inline_svg(whole, salt=f"{name} None")}, *views]


def of_cell(frames: StudyFrames, cell: tuple[str, int]) -> StudyFrames:
    """What is known about one cell; frames that are of the study and not of runs stay whole."""
    parts = {field.name: getattr(frames, field.name) for field in fields(frames)}
    of_runs = {name: frame for name, frame in parts.items() if set(CELL_KEYS) <= set(frame)}
    kept = {name: in_cell(frame, cell).reset_index(drop=True) for name, frame in of_runs.items()}
    rows = in_cell(frames.runs, cell).index.union(_missing_in(frames.runs, cell).index)
    kept["runs"] = frames.runs.loc[rows].reset_index(drop=True)
    kept["study_arms"] = frames.steps[["arm", "strategy"]].drop_duplicates()
    return replace(frames, **kept)


def _missing_in(runs: pd.DataFrame, cell: tuple[str, int]) -> pd.DataFrame:
    """Runs without records whose id names the cell, as ``GridKey.run_id`` makes it: no more is known of them."""
    model, budget = cell
    longest_first = sorted(runs["model"].dropna().unique(), key=len, reverse=True)  # a name may begin another
    models = "|".join(re.escape(name) for name in longest_first)
    named = runs["run_id"].astype(str).str.extract(rf"^({models})-.+-n(\d+)(?:-[a-z_]+)?-s-?\d+$")
    return runs[runs["model"].isna() & (named[0] == model) & (named[1] == str(budget))]


def inline_svg(figure: Figure, *, salt: str) -> str:
    """Inline SVG: no prolog, no addresses, ids only where something refers to them, text as outlines.

    matplotlib's style sheet, which would hold for the whole page, is left to that of the page.
    """
    written = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": salt, "svg.fonttype": "path"}):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = written.getvalue()
    text = re.sub(UNWANTED, "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r' xmlns(:xlink)?="[^"]+"', "", text)
    text = re.sub(rf'id="{MARK}([^"]*)"', r'data-arm="\1"', text)
    referred = set(re.findall(r"#([\w-]+)", text))
    text = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in referred else "", text)
    return re.sub(r">\s+<", "><", text).strip()
