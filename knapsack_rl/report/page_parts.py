"""Figures, tables and the choice between models, budgets and arms, as the template shows them."""

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from knapsack_rl.analysis.catalogue import FIGURES, TABLES
from knapsack_rl.analysis.drawing.looks import arm_looks, strategies_in
from knapsack_rl.analysis.show.readable import caption, present
from knapsack_rl.base.errors import InputError
from knapsack_rl.config import StudyConfig

KINDS = ("model", "budget", "arm")
"""What a reader can choose by; also columns of tables."""

SHORT = 12
"""Hexadecimal digits of a digest that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as the template shows it."""

    title: str
    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Mapping[str, str], tuple[str, ...]], ...]
    """Per row the model, budget and arm it is about, as far as it is about one, and its cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure as the template shows it."""

    title: str
    caption: str
    views: tuple[Mapping[str, Any], ...]
    """The whole study, then each cell: ``model``, ``budget`` (None for the whole) and ``svg``."""
    made: tuple[tuple[str, str], ...]
    """Where it comes from: label and text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One box to tick."""

    kind: str
    value: str
    label: str
    color: str = ""


def choices(study: StudyConfig, runs: pd.DataFrame) -> dict[str, tuple[Choice, ...]]:
    """What can be chosen, by kind; arms in the colour of the figures, without one where nothing is drawn of them.

    Args:
        study: says what there is to choose.
        runs: table ``runs``, whose arms have records and hence are drawn.
    """
    shown = {arm: look.shown_color for arm, look in arm_looks(strategies_in(runs)).items()}
    return {
        "model": tuple(Choice(kind="model", value=model, label=model) for model in study.grid_models),
        "budget": tuple(Choice(kind="budget", value=str(n), label=f"N = {n}") for n in study.grid_budgets),
        "arm": tuple(Choice(kind="arm", value=arm, label=arm, color=shown.get(arm, "")) for arm in study.grid_arms),
    }


def table_of_frame(name: str, frame: pd.DataFrame) -> Table:
    """Table ``name`` in readable form, its rows labelled by what they are about."""
    shown = present(name, frame)
    about = [_about(row) for row in frame.to_dict("records")]
    labels = about if len(about) == len(shown) else [{} for _ in range(len(shown))]
    cells = (tuple(str(cell) for cell in row) for row in shown.itertuples(index=False, name=None))
    rows = tuple(zip(labels, cells, strict=True))
    return Table(title=TABLES[name].title, caption=caption(name, frame), headers=tuple(shown.columns), rows=rows)


def _about(row: Mapping[Hashable, Any]) -> dict[str, str]:
    known = {kind: row[kind] for kind in KINDS if kind in row and pd.notna(row[kind])}
    return {kind: str(int(value)) if isinstance(value, float) else str(value) for kind, value in known.items()}


def read_figure(name: str, *, views_folder: Path, study: str) -> Figure:
    """Figure ``name`` from the file that drawing it has written.

    Raises:
        InputError: the file is missing or cannot be read.
    """
    path = views_folder / f"{name}.json"
    try:
        drawn = json.loads(path.read_text(encoding="utf-8"))
        made, views = drawn["made"], drawn["views"]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); draw the figures first") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: is not a figure for the report; draw the figures again") from None
    described = FIGURES[name]
    return Figure(
        title=described.title,
        caption=described.caption,
        views=tuple({**view, "svg": Markup(view["svg"]), "width": _width(view["svg"])} for view in views),  # noqa: S704
        made=tuple(_provenance(name, made, study=study)),
    )


def _width(svg: str) -> int:
    """Width in pixels of an SVG of matplotlib, which says it in points."""
    return round(float(svg.split('width="', 1)[1].split("pt", 1)[0]) * 96 / 72)


def _provenance(name: str, made: Mapping[str, Any], *, study: str) -> list[tuple[str, str]]:
    inputs = ", ".join(f"{path} (sha256 {sha[:SHORT]})" for path, sha in made["inputs"].items())
    return [
        ("Rule", f"{made['rule']}: snakemake figures/{study}/{name}.png"),
        ("Inputs", inputs),
        ("Code", f"knapsack_rl {made['package']}, sources {made['code'][:SHORT]}"),
        ("Files", f"figures/{study}/{name}.png, .pdf, and the numbers behind it in {name}.csv"),
    ]
