"""Captions of Snakemake's own report: every product has words, and they are valid reStructuredText."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import Environment, StrictUndefined

from knapsack_rl.analysis import FIGURE_NAMES, TABLE_NAMES
from knapsack_rl.analysis.claims.catalogue import CLAIMS
from knapsack_rl.analysis.present import CAPTIONS

FOLDER = Path(__file__).parents[3] / "workflow" / "report"
PRODUCTS = [f"figures/{name}.rst" for name in FIGURE_NAMES] + [f"tables/{name}.rst" for name in TABLE_NAMES]


def render(file):
    """The caption as Snakemake renders it."""
    grid = {"models": ["small"], "arms": ["uniform", "knapsack"], "budgets": [4, 8], "seeds": [0, 1, 2]}
    job = SimpleNamespace(config={"name": "made_up", "grid": grid})
    text = (FOLDER / file).read_text(encoding="utf-8")
    return Environment(undefined=StrictUndefined, autoescape=True).from_string(text).render(snakemake=job).strip()


def test_every_product_has_a_caption():
    """No name without words, which would stop Snakemake's report, and no words without a name."""
    assert {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*.rst")} == set(PRODUCTS)


@pytest.mark.parametrize("file", [*PRODUCTS, "workflow.rst"])
def test_captions_are_valid(file):
    """They say something, and the parser finds nothing to complain about."""
    core = pytest.importorskip("docutils.core")
    text = render(file)
    assert len(text) > 100
    html = core.publish_parts(text, writer="html", settings_overrides={"report_level": 1})["html_body"]
    assert "system-message" not in html


def test_workflow_text_names_the_grid():
    """Live values, not words about values."""
    text = " ".join(render("workflow.rst").split())
    assert "arms uniform, knapsack; budgets N = 4, 8 (mean rollouts per prompt); seeds 0, 1, 2" in text


def test_captions_of_claims_know_bands():
    """Claims of about so much are judged by another rule, which both captions say."""
    assert any(claim.line.side == "within" for claim in CLAIMS)
    for text in (render("tables/claims.rst"), CAPTIONS["claims"]):
        assert "wholly within the band" in " ".join(text.split())
