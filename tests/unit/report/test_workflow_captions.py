"""Captions of Snakemake's own report: every product has words, and they are valid reStructuredText."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import Environment, StrictUndefined

from knapsack_rl.analysis import FIGURE_NAMES, TABLE_NAMES
from knapsack_rl.analysis.claims.catalogue import CLAIMS
from knapsack_rl.analysis.present import CAPTIONS

FOLDER = Path(__file__).parents[3] / "workflow" / "report"
PRODUCTS = [("figure", name) for name in FIGURE_NAMES] + [("table", name) for name in TABLE_NAMES]


def render(file, **wildcards):
    """The caption as Snakemake renders it."""
    grid = {"models": ["small"], "arms": ["uniform", "knapsack"], "budgets": [4, 8], "seeds": [0, 1, 2]}
    job = SimpleNamespace(config={"name": "made_up", "grid": grid}, wildcards=SimpleNamespace(**wildcards))
    text = (FOLDER / file).read_text(encoding="utf-8")
    return Environment(undefined=StrictUndefined, autoescape=True).from_string(text).render(snakemake=job).strip()


@pytest.mark.parametrize(("kind", "name"), PRODUCTS)
def test_every_product_has_a_caption(kind, name):
    """A new name without words would show an empty caption."""
    assert len(render(f"{kind}.rst", **{kind: name})) > 100


@pytest.mark.parametrize(("kind", "name"), [*PRODUCTS, ("workflow", "")])
def test_captions_are_valid(kind, name):
    """The parser finds nothing to complain about."""
    core = pytest.importorskip("docutils.core")
    text = render(f"{kind}.rst", **{kind: name})
    html = core.publish_parts(text, writer="html", settings_overrides={"report_level": 1})["html_body"]
    assert "system-message" not in html


def test_workflow_text_names_the_grid():
    """Live values, not words about values."""
    text = " ".join(render("workflow.rst").split())
    assert "arms uniform, knapsack; budgets N = 4, 8 (mean rollouts per prompt); seeds 0, 1, 2" in text


def test_captions_of_claims_know_bands():
    """Claims of about so much are judged by another rule, which both captions say."""
    assert any(claim.line.side == "within" for claim in CLAIMS)
    for text in (render("table.rst", table="claims"), CAPTIONS["claims"]):
        assert "wholly within the band" in " ".join(text.split())
