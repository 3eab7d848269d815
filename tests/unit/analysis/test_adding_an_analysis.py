"""The example of docs/adding_an_analysis.md is run as it is printed."""

import re
import sys
import types
from pathlib import Path

import pandas as pd
import pytest
import yaml

from knapsack_rl.analysis import catalogue
from knapsack_rl.analysis.make import build_table, draw_figures
from knapsack_rl.analysis.show.readable import to_markdown

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "adding_an_analysis.md").read_text(encoding="utf-8")
MODULE = "knapsack_rl.analysis.products.response_length"


@pytest.fixture(autouse=True)
def _added(monkeypatch):
    """The printed module, importable, and its entries in the catalogue."""
    (code,), (entries,) = (re.findall(rf"```{kind}\n(.*?)```", TEXT, flags=re.DOTALL) for kind in ("python", "yaml"))
    module = types.ModuleType(MODULE)
    monkeypatch.setitem(sys.modules, MODULE, module)
    exec(compile(code, "docs/adding_an_analysis.md", "exec"), module.__dict__)  # noqa: S102 - our own documentation
    found = catalogue.Catalogue.model_validate({"of_two_studies": [], **yaml.safe_load(entries)})
    monkeypatch.setitem(catalogue.TABLES, "response_length", found.tables[0])
    monkeypatch.setitem(catalogue.FIGURES, "response_length", found.figures[0])


def test_the_table_is_built_and_shown(frames):
    """Ten tokens a rollout under uniform in the made-up study, twelve under knapsack; none is cut off."""
    table = build_table("response_length", frames)
    means = table.groupby("arm")[["tokens_per_rollout", "truncated_share"]].mean()
    assert means.loc["uniform"].tolist() == [10, 0]
    assert means.loc["knapsack", "tokens_per_rollout"] == 12
    text = to_markdown("response_length", table)
    assert "| 10.000 ± 0.000 |" in text
    assert text.endswith("half the 95% t-interval. Seeds: 3.\n")


def test_the_figure_is_drawn(study, tmp_path):
    """As PNG and PDF, and its points as CSV."""
    draw_figures(["response_length"], analysis_folder=study.analysis, figures_folder=tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".pdf", ".csv"}
    assert {"model", "budget", "arm", "truncated_share_low"} <= set(pd.read_csv(tmp_path / "response_length.csv"))


def test_files_named_in_the_text_exist():
    """Paths in backticks."""
    named = set(re.findall(r"`((?:knapsack_rl|tests|docs)/[\w/.]+)`", TEXT))
    assert len(named) > 4
    assert {name for name in named if not (ROOT / name).exists()} == set()
