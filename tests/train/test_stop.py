"""Runs that end at a budget: where they end, what they leave, and that an interruption changes nothing."""

import json

import pyarrow.parquet as pq
import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import compact_json
from knapsack_rl.train import train

from .conftest import Bench, Killed, build_that_dies_in_call, published

ROLLOUTS = 700
"""No multiple of the 128 rollouts of a uniform step."""


def _manifest(job):
    return json.loads(job.paths.manifest.read_text())


@pytest.mark.parametrize("axis", ["num_rollouts", "num_response_tokens"])
@pytest.mark.parametrize("arm", ["uniform", "knapsack", "dapo"])
def test_a_run_ends_after_the_first_step_at_its_budget(bench, arm, axis):
    """Within one step, whatever a step costs; the end is evaluated, saved and published like any last step."""
    limit = ROLLOUTS * (1 if axis == "num_rollouts" else 4)
    job = bench.job(arm=arm, steps=40, stop={axis: limit}, evaluation={"inside_training": True})
    train(job)
    spent = [row[axis] for row in published(job)[0]]
    assert sum(spent[:-1]) < limit <= sum(spent)
    assert _manifest(job)["stop"] == {"axis": axis, "limit": limit, "spent": sum(spent), "reached": True}
    checkpoints = sorted({*range(0, len(spent) + 1, 4), len(spent)})
    assert sorted(int(path.name.removeprefix("step_")) for path in job.paths.weights(0).parent.iterdir()) == checkpoints
    assert set(pq.read_table(job.paths.inside_evals)["step"].to_pylist()) == set(checkpoints)


def test_a_step_of_dapo_costs_more_so_it_takes_fewer_steps(tmp_path):
    """What makes equal steps unequal spending."""
    jobs = [
        Bench(tmp_path / arm).job(arm=arm, steps=40, stop={"num_rollouts": ROLLOUTS}) for arm in ("uniform", "dapo")
    ]
    for job in jobs:
        train(job)
    uniform, dapo = (len(published(job)[0]) for job in jobs)
    assert dapo < uniform == 6


@pytest.mark.parametrize("arm", ["dapo", "knapsack"])
@pytest.mark.parametrize("call", [2, 5, 6])
def test_an_interrupted_run_ends_where_it_would_have(tmp_path, arm, call):
    """Killed before, at and after its save at step 4; `dapo` also within a step."""
    settings = {"arm": arm, "steps": 40, "stop": {"num_rollouts": ROLLOUTS}, "save_every": 2}
    whole = Bench(tmp_path / "a").job(**settings)
    train(whole)
    dying = Bench(tmp_path / "b").job(**settings, build=build_that_dies_in_call(call))
    with pytest.raises(Killed):
        train(dying)
    train(Bench(tmp_path / "b").job(**settings))
    assert published(dying) == published(whole)


def test_a_run_killed_after_its_last_step_is_only_published(bench):
    """The save says that the budget is spent: no step is taken beyond it."""
    job = bench.job(steps=40, stop={"num_rollouts": ROLLOUTS})
    train(job)
    before = published(job)
    bench_again = bench.job(steps=40, stop={"num_rollouts": ROLLOUTS}, build=build_that_dies_in_call(1))
    train(bench_again)
    assert published(job) == before
    assert len(job.paths.journal.read_text().splitlines()) == len(before[0])


def test_a_larger_budget_continues_and_a_smaller_one_starts_over(bench, tmp_path):
    """As with `train.steps`."""
    train(bench.job(steps=40, stop={"num_rollouts": ROLLOUTS}))
    more = bench.job(steps=40, stop={"num_rollouts": 2 * ROLLOUTS})
    train(more)
    whole = Bench(tmp_path / "whole").job(steps=40, stop={"num_rollouts": 2 * ROLLOUTS})
    train(whole)
    assert published(more) == published(whole)
    assert len(more.paths.journal.read_text().splitlines()) == len(published(whole)[0])
    assert not list(more.paths.state.parent.glob("*.aside-*"))
    less = bench.job(steps=40, stop={"num_rollouts": 200})
    train(less)
    assert len(published(less)[0]) == 2
    assert list(less.paths.state.parent.glob("*.aside-*"))


def test_a_budget_that_is_not_reached_is_said(bench, caplog):
    """In the log and in the manifest; the run ends after all of its steps."""
    job = bench.job(arm="uniform", steps=3, stop={"num_rollouts": ROLLOUTS})
    train(job)
    assert "budget not reached: train.stop.num_rollouts is 700, and 3 steps generated 384" in caplog.text
    assert _manifest(job)["stop"]["reached"] is False
    assert len(published(job)[0]) == 3


def test_a_run_without_a_budget_says_nothing_of_one(bench):
    """Neither its hash nor its manifest changes."""
    job = bench.job(steps=2)
    train(job)
    assert "stop" not in _manifest(job)
    assert "stop" not in compact_json(job.config)


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        ({}, "train.stop: give exactly one of `num_rollouts` and `num_response_tokens`"),
        ({"num_rollouts": 1, "num_response_tokens": 1}, "train.stop: give exactly one"),
        ({"num_rollouts": 0}, r"train.stop.num_rollouts: .*greater than or equal to 1.*0"),
        ({"seconds": 10}, r"train.stop.seconds: unknown key"),
        (500, r"train.stop: .*500"),
    ],
)
def test_bad_budgets_are_one_line(bench, stop, words):
    with pytest.raises(ConfigError, match=words) as caught:
        bench.job(stop=stop)
    assert "\n" not in str(caught.value)
