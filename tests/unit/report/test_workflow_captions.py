"""Captions of Snakemake's own report: every product has one, and it is valid reStructuredText."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import Environment, StrictUndefined

from knapsack_rl.analysis.catalogue import CATALOGUE, TABLES
from knapsack_rl.analysis.claims.catalogue import CLAIMS

FOLDER = Path(__file__).parents[3] / "workflow" / "report"
PRODUCTS = (*CATALOGUE.tables, *CATALOGUE.figures)


def render(file):
    """The caption as Snakemake renders it."""
    grid = {"models": ["small"], "arms": ["uniform", "knapsack"], "budgets": [4, 8], "seeds": [0, 1, 2]}
    job = SimpleNamespace(config={"name": "made_up", "grid": grid})
    return rendered((FOLDER / file).read_text(encoding="utf-8"), job)


def rendered(text, job=None):
    """Text through the templates that Snakemake uses for captions."""
    return Environment(undefined=StrictUndefined, autoescape=True).from_string(text).render(snakemake=job).strip()


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: f"{type(product).__name__}-{product.name}")
def test_captions_are_valid(product):
    """They say something, no template changes it, and it is valid reStructuredText."""
    assert len(product.caption) > 100
    assert_valid(rendered(product.caption))


def test_workflow_text_is_valid():
    """The page's own text, with the names of the grid."""
    assert_valid(render("workflow.rst"))


def assert_valid(text):
    """No message of the parser stands in the page."""
    core = pytest.importorskip("docutils.core")
    html = core.publish_parts(text, writer="html", settings_overrides={"report_level": 1})["html_body"]
    assert "system-message" not in html


def test_workflow_text_names_the_grid():
    """Live values, not words about values."""
    text = " ".join(render("workflow.rst").split())
    assert "arms uniform, knapsack; budgets N = 4, 8 (mean rollouts per prompt); seeds 0, 1, 2" in text


def test_captions_of_claims_know_bands():
    """Claims of about so much are judged by another rule, which the caption says."""
    assert any(claim.line.side == "within" for claim in CLAIMS)
    assert "wholly within the band" in TABLES["claims"].caption
