"""Figures as files: the same frames give the same bytes, and a file appears whole or not at all."""

import logging
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from knapsack_rl.analysis.drawing.style import DPI
from knapsack_rl.records import write_text, written_whole

_METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}
"""What would make two files of one figure differ: times and versions."""


def save(figure: Figure, name: str, *, folder: Path) -> None:
    """Write ``<name>.png`` (300 dots per inch) and ``<name>.pdf`` into ``folder``.

    Raises:
        OutputError: the folder cannot be written.
    """
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it would report every glyph of every PDF
    for kind, metadata in _METADATA.items():
        with written_whole(folder / f"{name}.{kind}") as temporary:
            figure.savefig(temporary, format=kind, dpi=DPI, metadata=metadata)
        figure.set_layout_engine("none")  # found for the first format, which takes as long as drawing does; kept


def save_data(points: pd.DataFrame, name: str, *, folder: Path) -> None:
    """Write ``<name>.csv``, the numbers behind a figure, in full and empty where missing.

    Raises:
        OutputError: the folder cannot be written.
    """
    write_text(folder / f"{name}.csv", points.to_csv(index=False, lineterminator="\n"))
