"""Compose the page: text from the configuration and the numbers, figures embedded, tables from their CSV files."""

import base64
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from knapsack_rl.analysis import FIGURE_NAMES, TABLE_NAMES
from knapsack_rl.analysis.present import caption, present
from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.config import StudyConfig
from knapsack_rl.records import write_text
from knapsack_rl.report.captions import FIGURE_CAPTIONS, TABLE_TITLES
from knapsack_rl.report.describe import describe_study
from knapsack_rl.report.provenance import facts, read_manifests
from knapsack_rl.report.statements import findings, overview

TEMPLATE = "report.html.j2"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A table as the template shows it."""

    title: str
    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figure:
    """A figure as the template shows it."""

    title: str
    caption: str
    data: str
    """PNG, base64."""
    width: int
    """Pixels."""


def build_report(study: StudyConfig, *, results_folder: Path, figures_folder: Path, output: Path) -> None:
    """Write one self-contained HTML page about ``study``; it loads nothing from anywhere.

    Args:
        study: the configuration the results were made with.
        results_folder: ``results/<study>`` with ``tables/*.csv`` and ``runs/*/manifest.json``.
        figures_folder: ``figures/<study>`` with the PNG files.
        output: where the page goes.

    Raises:
        InputError: a table, figure or manifest is missing or cannot be read.
        OutputError: ``output`` cannot be written.
    """
    paths = StudyPaths(results=results_folder, figures=figures_folder)
    frames = {name: _read_csv(paths.tables / f"{name}.csv") for name in TABLE_NAMES}
    runs = frames["runs"]
    page = _environment().get_template(TEMPLATE)
    text = page.render(
        study=study.name,
        description=describe_study(study),
        overview=overview(frames["differences"]),
        findings=list(findings(frames["differences"])),
        tables={name: _table(name, frame) for name, frame in frames.items()},
        figures=[_figure(name, paths.figures) for name in FIGURE_NAMES],
        provenance=[*facts(read_manifests(results_folder, list(runs["run_id"]))), ("Training time", _hours(runs))],
        num_seeds=len(study.grid.seeds),
    )
    write_text(output, text)


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("knapsack_rl.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); write the tables first") from None
    except ValueError as error:
        raise InputError(f"{path}: is not a readable CSV file ({error}); write the tables again") from None


def _table(name: str, frame: pd.DataFrame) -> _Table:
    shown = present(name, frame)
    rows = tuple(tuple(str(cell) for cell in row) for row in shown.itertuples(index=False, name=None))
    return _Table(title=TABLE_TITLES[name], caption=caption(name, frame), headers=tuple(shown.columns), rows=rows)


def _figure(name: str, folder: Path) -> _Figure:
    path = folder / f"{name}.png"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); draw the figures first") from None
    described = FIGURE_CAPTIONS[name]
    return _Figure(
        title=described.title,
        caption=described.text,
        data=base64.b64encode(data).decode("ascii"),
        width=int.from_bytes(data[16:20], "big"),  # the PNG header's width field
    )


def _hours(runs: pd.DataFrame) -> str:
    """Wall-clock time of all training steps, added up over runs."""
    seconds = float(runs["step_s"].sum())
    phases = {name: float(runs[f"{name}_s"].sum()) for name in ("sample", "update")}
    shares = ", ".join(f"{name} {value / seconds:.0%}" for name, value in phases.items()) if seconds else ""
    amount = f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"  # noqa: PLR2004 - an hour
    return f"{amount} of training steps, summed over {len(runs)} runs ({shares})" if shares else amount
