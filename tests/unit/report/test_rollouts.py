"""Responses can be read in the report: as they were written, and nothing in them is obeyed."""

import shutil

import pandas as pd
import pytest

from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.records import SAMPLES, table_of, write_table
from knapsack_rl.report import build_report
from knapsack_rl.report.rollouts import arm_samples

HOSTILE = "</pre><script>alert('x')</script>{{ study }} ]]>"


def row(step, *, response="12"):
    """A row of ``SAMPLES``."""
    return {
        "step": step,
        "prompt_id": "train-0001",
        "kind": "ops2",
        "num_rollouts": 8,
        "num_successes": 3,
        "rollout": 0,
        "reward": 0.0,
        "reason": "no_answer",
        "num_response_tokens": 4,
        "prompt": "3+4*5=",
        "answer": "23",
        "response": response,
    }


@pytest.fixture
def with_texts(finished, tmp_path):
    """A copy of the finished study in which one run of knapsack has kept texts of three steps."""
    paths = StudyPaths(tmp_path / "results", tmp_path / "figures")
    shutil.copytree(finished.results, paths.results)
    rows = [row(1), row(3, response="of step three"), row(6, response=HOSTILE)]
    write_table(paths.run("small-knapsack-n8-s1").samples, table_of(rows, SAMPLES))
    return paths


def test_first_and_last_step_of_the_first_run_with_texts(with_texts):
    """Arms without texts are left out."""
    (found,) = arm_samples(with_texts, pd.read_csv(with_texts.table("runs")))
    assert (found.arm, found.run_id) == ("knapsack", "small-knapsack-n8-s1")
    assert [(at.step, len(at.rows)) for at in found.steps] == [(1, 1), (6, 1)]


def test_what_a_model_writes_is_text(with_texts, study_config, tmp_path):
    """Markup, a script and a placeholder are shown and not obeyed; prompt, reward and reason stand beside it."""
    build_report(study_config, results_folder=with_texts.results, output=tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    part = page[page.index('id="samples"') : page.index('id="study"')]
    assert "<script>alert" not in page
    assert "&lt;/pre&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;{{ study }} ]]&gt;" in part
    assert "3 of 8 right" in part
    assert "Expected: 23. Rollout 0: reward 0, no_answer" in part
    assert "of step three" not in part


def test_no_texts_are_no_error(finished, study_config, tmp_path):
    """Runs that kept none, and runs of an older version."""
    build_report(study_config, results_folder=finished.results, output=tmp_path / "report.html")
    assert "No texts were kept" in (tmp_path / "report.html").read_text(encoding="utf-8")
