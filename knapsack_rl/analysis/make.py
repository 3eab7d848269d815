"""What the command line and the workflow call: records to frames, frames to one figure or one table."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from knapsack_rl import __version__
from knapsack_rl.analysis.catalogue import FIGURES, TABLE_NAMES, TABLES, chosen, load
from knapsack_rl.analysis.drawing.save import save, save_data
from knapsack_rl.analysis.drawing.style import house_style
from knapsack_rl.analysis.drawing.views import figure_views
from knapsack_rl.analysis.frames.collect import write_analysis
from knapsack_rl.analysis.frames.study import StudyFrames, load_analysis
from knapsack_rl.analysis.show.readable import write_table_files
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.records import code_digest, sha256_of, write_json


def analyse(study_results: Path, run_ids: Sequence[str]) -> None:
    """Read the records of ``run_ids`` below ``results/<study>`` and write the tidy frames to its ``analysis`` folder.

    Runs in the order of the study's grid give tables and figures in that order.

    Raises:
        InputError: no run is given, or a file or column of one is missing.
        ConfigError: a ``config.json`` is not a run configuration.
        OutputError: the folder cannot be written.
    """
    paths = StudyPaths(results=study_results, figures=study_results)
    write_analysis(study_results, run_ids, folder=paths.analysis)


def draw_figures(
    names: Sequence[str], *, analysis_folder: Path, figures_folder: Path, views_folder: Path | None = None
) -> None:
    """Draw figures from the tidy frames and write each as PNG and PDF, and what it shows as CSV.

    Args:
        names: of ``FIGURE_NAMES``.
        analysis_folder: where the frames are.
        figures_folder: where the figures go.
        views_folder: where ``<name>.json`` goes, the figure as the report shows it and what it was made from.

    Raises:
        InputError: no such figure (then none is drawn), or a frame is missing.
        OutputError: the folder cannot be written.
    """
    figures = chosen(names, FIGURES, kind="figure")
    frames = load_analysis(analysis_folder)
    made = _made_from(analysis_folder) if views_folder else {}
    for name in (figure.name for figure in figures):
        with house_style():
            figure = draw_figure(name, frames)
            save(figure, name, folder=figures_folder)
            views = figure_views(name, partial(draw_figure, name), frames=frames, whole=figure) if views_folder else []
        save_data(figure_points(name, frames), name, folder=figures_folder)
        if views_folder:
            write_json(views_folder / f"{name}.json", {"made": made, "views": views})


def write_result_tables(names: Sequence[str], *, analysis_folder: Path, tables_folder: Path) -> None:
    """Compute tables from the tidy frames and write each as CSV, Markdown and LaTeX.

    Raises:
        InputError: no such table (then none is written), or a frame is missing.
        OutputError: the folder cannot be written.
    """
    tables = chosen(names, {name: TABLES[name] for name in TABLE_NAMES}, kind="table")
    frames = load_analysis(analysis_folder)
    for table in tables:
        write_table_files(table.name, build_table(table.name, frames), folder=tables_folder)


def build_table(name: str, frames: StudyFrames) -> pd.DataFrame:
    """The numbers of table ``name`` of a study."""
    table: pd.DataFrame = load(TABLES[name].build)(frames)
    return table


def figure_points(name: str, frames: StudyFrames) -> pd.DataFrame:
    """What figure ``name`` of a study shows: one row per point, line or shade."""
    points: pd.DataFrame = load(FIGURES[name].points)(frames)
    return points


def draw_figure(name: str, frames: StudyFrames) -> Figure:
    """Figure ``name`` of a study; call it inside ``house_style()``."""
    figure: Figure = load(FIGURES[name].draw)(frames)
    return figure


def _made_from(analysis_folder: Path) -> dict[str, object]:
    """What a figure was made from: digests of the frames and of the code, and this package's version."""
    inputs = {f"analysis/{path.name}": sha256_of(path) for path in sorted(analysis_folder.glob("*.parquet"))}
    code = code_digest("analysis", "grpo", "allocation")
    return {"rule": "figure", "inputs": inputs, "code": code, "package": __version__}
