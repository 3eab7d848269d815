"""What the command line and the workflow call: records to frames, frames to one figure or one table."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from knapsack_rl import __version__
from knapsack_rl.analysis.collect import write_analysis
from knapsack_rl.analysis.frames import load_analysis
from knapsack_rl.analysis.plots import FIGURE_DATA, FIGURES, house_style, save, save_data
from knapsack_rl.analysis.plots.views import figure_views
from knapsack_rl.analysis.present import write_table_files
from knapsack_rl.analysis.tables import TABLES
from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.records import code_digest, sha256_of, write_json

Product = TypeVar("Product", bound=Callable[..., object])


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


def draw_figure(name: str, *, analysis_folder: Path, figures_folder: Path, views_folder: Path | None = None) -> None:
    """Draw figure ``name`` from the tidy frames and write it as PNG and PDF, and what it shows as CSV.

    Args:
        name: one of ``FIGURES``.
        analysis_folder: where the frames are.
        figures_folder: where the figure goes.
        views_folder: where ``<name>.json`` goes, the figure as the report shows it and what it was made from.

    Raises:
        InputError: no such figure, or a frame is missing.
        OutputError: the folder cannot be written.
    """
    draw = _lookup(name, FIGURES, kind="figure")
    frames = load_analysis(analysis_folder)
    with house_style():
        save(draw(frames), name, folder=figures_folder)
        views = figure_views(name, draw, frames=frames) if views_folder else []
    save_data(FIGURE_DATA[name](frames), name, folder=figures_folder)
    if views_folder:
        inputs = {f"analysis/{path.name}": sha256_of(path) for path in sorted(analysis_folder.glob("*.parquet"))}
        made = {"rule": "figure", "inputs": inputs, "code": code_digest("analysis", "grpo", "allocation")}
        write_json(views_folder / f"{name}.json", {"made": made | {"package": __version__}, "views": views})


def write_result_table(name: str, *, analysis_folder: Path, tables_folder: Path) -> None:
    """Compute table ``name`` from the tidy frames and write it as CSV and Markdown.

    Raises:
        InputError: no such table, or a frame is missing.
        OutputError: the folder cannot be written.
    """
    build = _lookup(name, TABLES, kind="table")
    write_table_files(name, build(load_analysis(analysis_folder)), folder=tables_folder)


def _lookup(name: str, registry: Mapping[str, Product], *, kind: str) -> Product:
    if name not in registry:
        raise InputError(f"{name}: no such {kind}; choose one of {', '.join(registry)}")
    return registry[name]
