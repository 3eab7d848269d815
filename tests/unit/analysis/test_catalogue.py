"""The catalogue: every table and figure declared once, and what it names exists."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from knapsack_rl.analysis.catalogue import CATALOGUE, FIGURE_NAMES, TABLE_NAMES, Catalogue, load

PACKAGE = Path(__file__).parents[3] / "knapsack_rl"
PRODUCTS = (*CATALOGUE.tables, *CATALOGUE.of_two_studies, *CATALOGUE.figures)
MOST_LISTED = 3
"""More names of products than this in one literal are a second list of products."""


def test_the_workflow_can_read_it_without_pandas():
    """Snakemake reads it at every start, also on login nodes."""
    check = "import sys, knapsack_rl.analysis.catalogue; sys.exit(bool({'pandas', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: f"{type(product).__name__}-{product.name}")
def test_functions_exist(product):
    """A misspelt one would show only when the product is made."""
    places = [value for key, value in product.model_dump().items() if key in {"build", "show", "points", "draw"}]
    assert len(places) == 2
    assert all(callable(load(place)) for place in places)


def test_a_name_declared_twice_is_refused():
    """Tables among themselves and figures among themselves; a table and its figure may share a name."""
    table = CATALOGUE.tables[0].model_dump()
    assert set(TABLE_NAMES) & set(FIGURE_NAMES)
    with pytest.raises(ValidationError, match="differences: declared twice"):
        Catalogue.model_validate({"tables": [table, table], "of_two_studies": [], "figures": []})


def test_products_have_captions_of_their_own():
    """A copied entry keeps the words of the one it was copied from."""
    assert len({product.caption for product in PRODUCTS}) == len(PRODUCTS)


def test_products_are_listed_nowhere_else():
    """A second list would have to be kept equal to the catalogue by hand."""
    names = {*TABLE_NAMES, *FIGURE_NAMES}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            members = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [])
            listed = {member.value for member in members if isinstance(member, ast.Constant)} & names
            assert len(listed) <= MOST_LISTED, f"{path}: line {node.lineno} lists {', '.join(sorted(listed))}"
