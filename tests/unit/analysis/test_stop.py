"""A study whose runs end at a budget: what its tables say where arms take unequal numbers of steps."""

from dataclasses import replace

import pytest

from knapsack_rl.analysis.frames.collect import collect
from knapsack_rl.analysis.products.benchmarks import benchmarks_table
from knapsack_rl.analysis.products.compute import compute_table
from knapsack_rl.analysis.products.differences import differences
from knapsack_rl.analysis.products.runs import runs_table
from knapsack_rl.analysis.products.variance import variance_table

from .made_up import Shape, write_study

STEPS = {"uniform": 6, "knapsack": 4}


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """Three seeds; `knapsack` stands for a method of rounds: seed 2 takes 5 steps, the others 4."""
    run_ids = [f"small-{arm}-n8-s{seed}" for arm in STEPS for seed in range(3)]
    steps = {run_id: STEPS[run_id.split("-")[1]] + (run_id == "small-knapsack-n8-s2") for run_id in run_ids}
    limit = {run_id: num * 64 for run_id, num in steps.items()} | {"small-uniform-n8-s1": 1000}
    overrides = {run: {"steps": steps[run], "stop": {"num_rollouts": limit[run]}} for run in run_ids}
    paths, _ = write_study(tmp_path_factory.mktemp("stop"), replace(Shape(), overrides=overrides))
    return collect(paths.results, run_ids)


def test_ends_are_said(frames):
    """A run that took all of its steps before its budget, too."""
    table = runs_table(frames).set_index("run_id")
    assert table["ended"].to_dict() == dict.fromkeys(table.index, "budget") | {
        "small-uniform-n8-s1": "budget not reached"
    }
    assert table.loc["small-knapsack-n8-s2", "step"] == 5


def test_differences_are_those_of_the_ends(frames):
    """Of each run's own last accuracy, computed here from the table of runs."""
    runs = runs_table(frames).set_index(["arm", "seed"])["accuracy"]
    expected = (runs["knapsack"] - runs["uniform"]).mean()
    row = differences(frames).set_index("metric").loc["accuracy/average"]
    assert row["difference"] == pytest.approx(expected)
    assert row["num_seeds"] == 3
    assert variance_table(frames)["difference"].to_list() == [pytest.approx(expected)]


def test_an_arm_is_one_row_though_its_seeds_end_at_different_steps(frames):
    table = benchmarks_table(frames).set_index("arm")
    assert table.loc["knapsack", "num_seeds"] == 3
    assert table.loc["knapsack", "step"] == 5


def test_the_curve_reaches_to_the_ends(frames):
    """Rollouts at the last point: the mean over seeds of what each had generated."""
    last = compute_table(frames).groupby("arm").last()
    assert last["num_seeds"].to_dict() == {"knapsack": 3, "uniform": 3}
    assert last["total_rollouts"].to_dict() == {"knapsack": pytest.approx(64 * 13 / 3), "uniform": 64 * 6}
