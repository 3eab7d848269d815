"""Training with a task, a strategy and a belief from files outside the package; rewards that are not 0 and 1."""

import json
import re
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from knapsack_rl.base.layout import ProblemPaths
from knapsack_rl.config import ArmConfig, TaskConfig, resume_hash
from knapsack_rl.prepare import prepare
from knapsack_rl.records import GROUPS, read_journal, read_table
from knapsack_rl.sampler import FakeSampler
from knapsack_rl.tracking.metrics import training_points
from knapsack_rl.train import TrainJob, train

from .conftest import build_fake_parts

DOCS = Path(__file__).parents[2] / "docs"
BELIEF = """
from knapsack_rl.beliefs.cumulative import Cumulative


class Remembers(Cumulative):
    name = "remembers"
"""
MODULES = ("largest_digit", "near_half", "memory")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The examples of the documentation as files in the current folder."""
    for name, guide in (("largest_digit", "adding_a_task"), ("near_half", "adding_a_strategy")):
        text = (DOCS / f"{guide}.md").read_text(encoding="utf-8")
        (tmp_path / f"{name}.py").write_text(re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)[0])
    (tmp_path / "memory.py").write_text(BELIEF)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in MODULES:
        sys.modules.pop(name, None)


def job_of(bench, *, near=0.0, strategy="near_half:NearHalf", build=build_fake_parts):
    """A job of the bench with these in place of its arm and its task."""
    plain = bench.job(steps=6)
    task = TaskConfig(name="largest_digit:LargestDigit", options={"num_train": 64, "num_benchmark": 4, "near": near})
    arm = ArmConfig(strategy=strategy, belief="memory:Remembers")
    problems = ProblemPaths(bench.root / f"near_{near}")
    prepare(task, problems)
    config = plain.config.model_copy(update={"task": task, "arm": arm, "run_id": f"near-{near}"})
    return TrainJob(
        config=config,
        paths=type(plain.paths)(plain.paths.study, config.run_id),
        prompts_file=problems.train,
        benchmarks_file=problems.benchmarks,
        model_folder=plain.model_folder,
        build=build,
    )


def build_wrong_parts(config, *, prompts_file, model_folder):
    """Every answer is wrong; every second one is one off."""
    parts = build_fake_parts(config, prompts_file=prompts_file, model_folder=model_folder)
    near = {str(digit): str(digit - 1) for digit in range(1, 10)}
    parts.sampler = FakeSampler(lambda _: 0.0, wrong=lambda prompt, draw: near[prompt.answer] if draw < 0.5 else "?")
    return parts


def groups_of(job):
    return pq.read_table(job.paths.folder / "groups.parquet")


def test_a_run_of_nothing_but_outside_code(bench):
    """It trains, spends its budget, learns in its own belief, and resumes as it is saved; its names are in the hash."""
    job = job_of(bench)
    train(job)
    groups = groups_of(job)
    assert groups["num_rollouts"].to_numpy().sum() == 6 * 16 * 8
    assert set(groups["num_rollouts"].to_pylist()) != {8}
    assert "num_distinct_rewards" not in groups.column_names
    saved = json.loads((job.paths.state / "step_00006" / "state.json").read_text())
    assert saved["tracker"]["tracker"] == "remembers"
    train(job)
    assert groups_of(job).equals(groups)
    written = json.loads((job.paths.folder / "config.json").read_text())
    assert (written["arm"]["strategy"], written["task"]["name"]) == ("near_half:NearHalf", "largest_digit:LargestDigit")
    assert resume_hash(job_of(bench, strategy="uniform").config) != resume_hash(job.config)


def test_partial_credit_is_a_gradient_and_no_success(bench):
    """All answers are wrong and some are near: no belief rises, and groups of unequal rewards have advantages."""
    seen = {}

    def build(config, **files):
        seen["parts"] = build_wrong_parts(config, **files)
        return seen["parts"]

    job = job_of(bench, near=0.5, build=build)
    train(job)
    groups = read_table(job.paths.folder / "groups.parquet", GROUPS)
    distinct = groups["num_distinct_rewards"].to_numpy()
    assert set(groups["num_successes"].to_pylist()) == {0}
    assert set(distinct.tolist()) == {1, 2}
    assert (distinct == 2).mean() > 0.8
    parts = seen["parts"]
    trained = [row.advantage for batch in parts.learner.received for row in batch]
    last = read_journal(job.paths.state / "journal.jsonl")[-1]["groups"]
    assert len(trained) == sum(group["num_rollouts"] for group in last if group["num_distinct_rewards"] == 2)
    believed = parts.tracker.predict([group["prompt_id"] for group in last])
    assert set(believed.rate_P) == {0.0}

    steps = pq.read_table(job.paths.folder / "steps.parquet")
    points = {point.name: point.value for point in training_points(steps, groups, end_ms=0) if point.step == 6}
    share = sum(group["num_distinct_rewards"] == 2 for group in last) / len(last)
    assert points["allocation/ratio_prompts"] == share
    assert points["allocation/all_wrong_prompts"] == 1 - share


def test_the_same_answers_without_partial_credit_teach_nothing(bench):
    """Rewards of 0 alone: no gradient, and no column that says more."""
    job = job_of(bench, near=0.0, build=build_wrong_parts)
    train(job)
    assert "num_distinct_rewards" not in groups_of(job).column_names
    steps = pq.read_table(job.paths.folder / "steps.parquet")
    groups = read_table(job.paths.folder / "groups.parquet", GROUPS)
    points = {point.name: point.value for point in training_points(steps, groups, end_ms=0)}
    assert (points["allocation/ratio_prompts"], points["allocation/all_wrong_prompts"]) == (0.0, 1.0)
    assert set(steps["num_updated_rollouts"].to_pylist()) == {0}
