"""What the analysis makes: every table and figure, declared once in ``catalogue.yaml`` beside this file.

Loads neither pandas nor matplotlib, so that the workflow can ask what there is; a function is imported when it is used.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module, resources
from typing import Annotated, Any, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from knapsack_rl.base.errors import InputError

Function = Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]
"""``module:function`` below this package."""


class Product(BaseModel):
    """What is said of a table or figure."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """Of its files."""
    title: str = Field(min_length=1)
    caption: str = Field(min_length=1)
    """How to read it, in plain text that is valid reStructuredText too."""


class Table(Product):
    """A result table, written as CSV, Markdown and LaTeX."""

    build: Function
    """Frames of a study to numbers."""
    show: Function = "show.readable:readable"
    """Numbers to text, rounded, under readable headers."""


class Figure(Product):
    """A figure, written as PNG and PDF, and what it shows as CSV."""

    points: Function
    """Frames of a study to the numbers it shows, one row per point, line or shade."""
    draw: Function
    """Frames of a study to the figure; called inside ``house_style()``."""
    needs_runs: bool = True
    """False: it shows no run, and so is the same for every model, budget and arm."""


class Catalogue(BaseModel):
    """All of them, in the order a reader meets them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: tuple[Table, ...]
    of_two_studies: tuple[Table, ...]
    """Tables whose ``build`` takes a table of each study."""
    figures: tuple[Figure, ...]

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        for products in ((*self.tables, *self.of_two_studies), self.figures):
            names = [product.name for product in products]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{', '.join(twice)}: declared twice; a product has one entry")
        return self


def _read() -> Catalogue:
    text = resources.files(__package__).joinpath("catalogue.yaml").read_text(encoding="utf-8")
    return Catalogue.model_validate(yaml.safe_load(text))


CATALOGUE = _read()
FIGURES: Mapping[str, Figure] = {figure.name: figure for figure in CATALOGUE.figures}
FIGURE_NAMES = tuple(FIGURES)
TABLE_NAMES = tuple(table.name for table in CATALOGUE.tables)
TABLES: Mapping[str, Table] = {table.name: table for table in (*CATALOGUE.tables, *CATALOGUE.of_two_studies)}
"""By name, those of two studies too; ``TABLE_NAMES`` are what a study has."""

Declared = TypeVar("Declared", bound=Product)


def chosen(names: Sequence[str], among: Mapping[str, Declared], *, kind: str) -> list[Declared]:
    """The products of these names.

    Raises:
        InputError: there is none of that name.
    """
    for name in names:
        if name not in among:
            raise InputError(f"{name}: no such {kind}; choose one of {', '.join(among)}")
    return [among[name] for name in names]


def load(function: Function) -> Callable[..., Any]:
    """The function behind ``module:function``."""
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(import_module(f"{__package__}.{module}"), name)
    return found
