"""A study of nothing but outside code: task, strategy and belief are files in its folder."""

import json
import re

import pyarrow.parquet as pq
import pytest

from .conftest import ROOT

pytestmark = pytest.mark.workflow

BELIEF = """
from knapsack_rl.beliefs.cumulative import Cumulative


class Remembers(Cumulative):
    name = "remembers"
"""
NOTED = """
from pathlib import Path

from largest_digit import LargestDigit


class Noted(LargestDigit):
    def preparation(self, open_tokenizer):
        Path("made.txt").write_text("problems")
        return super().preparation(open_tokenizer)
"""


@pytest.fixture
def outside(workspace):
    """The smoke study with the documentation's task, which notes when problems are made, and strategy."""
    for name, guide in (("near_half", "adding_a_strategy"), ("largest_digit", "adding_a_task")):
        text = (ROOT / "docs" / f"{guide}.md").read_text(encoding="utf-8")
        code = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)[0]
        (workspace.folder / f"{name}.py").write_text(code)
    (workspace.folder / "memory.py").write_text(BELIEF)
    (workspace.folder / "noted.py").write_text(NOTED)

    def change(study):
        study["task"] = {"name": "noted:Noted", "options": {"num_train": 8, "num_benchmark": 4, "near": 0.5}}
        study["arms"] = {
            "uniform": {"strategy": "uniform"},
            "mine": {"strategy": "near_half:NearHalf", "belief": "memory:Remembers"},
        }
        study["grid"]["arms"] = ["uniform", "mine"]

    workspace.edit(change)
    return workspace


def test_planning_makes_no_problems(outside):
    """A dry run reads the study, plans every job and asks the task for none."""
    assert outside.planned()["train"] == 2
    assert not (outside.folder / "made.txt").exists()


def test_a_mistake_stops_before_any_job(outside):
    """As for names of ours."""
    outside.edit(lambda study: study["arms"]["mine"].update(strategy="near_half:NearHlaf"))
    done = outside.run("--cores", "1", check=False)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("error:")]
    assert done.returncode == 2
    assert "has no class 'NearHlaf'; did you mean 'NearHalf'?" in line
    assert "Traceback" not in done.stdout
    assert not (outside.folder / "results").exists()


@pytest.mark.slow
def test_it_runs_to_the_report(outside):
    """Problems, a base model, training with partial credit, evaluation, tables, figures, report, MLflow."""
    outside.run("--cores", "2")
    assert (outside.folder / "made.txt").is_file()
    results = outside.folder / "results" / "smoke"
    assert "near_half:NearHalf" in (results / "report.html").read_text(encoding="utf-8")
    groups = pq.read_table(results / "runs" / "nano-mine-n4-s0" / "groups.parquet")
    assert set(groups["num_distinct_rewards"].to_pylist()) <= {1, 2, 3}
    config = json.loads((results / "runs" / "nano-mine-n4-s0" / "config.json").read_text())
    assert (config["task"]["name"], config["arm"]["belief"]) == ("noted:Noted", "memory:Remembers")
