"""Runs whose method draws in rounds: records, ledger, resume in the middle of a step."""

import pyarrow.parquet as pq
import pytest

from knapsack_rl.records import WALL_CLOCK_COLUMNS
from knapsack_rl.sampler import FakeSampler
from knapsack_rl.train import train

from .conftest import Bench, build_fake_parts, p_success

ONE_ROUND = ("cero", "duet", "ngu", "query_recycling")
METHODS = ["c_grpo", "cero", "dapo", "duet", "greso", "ngu", "pilot_commit", "query_recycling", "reinforce_ada"]


def _tables(job):
    return [
        pq.read_table(job.paths.folder / f"{name}.parquet")
        .drop_columns([column for column in WALL_CLOCK_COLUMNS if name == "steps"])
        .to_pylist()
        for name in ("steps", "groups", "rounds")
    ]


class _Killed(BaseException):
    """Stands for a kill: nothing in the trainer catches it."""


def _build_that_dies_in_round(call):
    class DyingSampler(FakeSampler):
        def generate(self, request):
            self.calls = getattr(self, "calls", 0) + 1
            if self.calls == call:
                raise _Killed
            return super().generate(request)

    def build(config, **files):
        parts = build_fake_parts(config, **files)
        parts.sampler = DyingSampler(p_success)
        return parts

    return build


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("killed_at", [2, 3, 11])
def test_a_run_killed_between_two_rounds_of_a_step_resumes_to_the_same_records(tmp_path, method, killed_at):
    whole = Bench(tmp_path / "a").job(arm=method)
    train(whole)
    dying = Bench(tmp_path / "b").job(arm=method, build=_build_that_dies_in_round(killed_at))
    with pytest.raises(_Killed):
        train(dying)
    train(Bench(tmp_path / "b").job(arm=method))
    assert _tables(dying) == _tables(whole)
    assert (max(row["round"] for row in _tables(whole)[2]) > 1) == (method not in ONE_ROUND)


@pytest.mark.parametrize("method", [*METHODS, "uniform"])
def test_every_generated_rollout_is_in_the_ledger_of_its_step(bench, method):
    """Also those of dropped groups; and the groups trained on have a gradient."""
    job = bench.job(arm=method)
    train(job)
    steps, groups, rounds = _tables(job)
    for step in steps:
        mine = [row for row in rounds if row["step"] == step["step"]]
        members = [row for row in groups if row["step"] == step["step"]]
        assert step["num_rounds"] == len(mine)
        assert (
            step["num_rollouts"] == sum(row["num_rollouts"] for row in mine) == sum(g["num_rollouts"] for g in members)
        )
        assert step["num_response_tokens"] == sum(row["num_response_tokens"] for row in mine)
        assert step["num_kept"] == sum(row["num_kept"] for row in members)


def test_dapo_trains_on_mixed_groups_only(bench):
    job = bench.job(arm="dapo")
    train(job)
    steps, groups, _ = _tables(job)
    assert all(0 < row["num_successes"] < row["num_rollouts"] for row in groups if row["num_kept"])
    assert any(not row["num_kept"] for row in groups)
    assert all(sum(1 for row in groups if row["step"] == step["step"] and row["num_kept"]) <= 16 for step in steps)


def test_no_noise_is_used_twice_in_a_run(bench):
    """Rollouts of later rounds have seeds of their own: equal ones would only look like further evidence."""
    seeds = []

    class Recording(FakeSampler):
        def generate(self, request):
            seeds.extend(seed for group in request.seeds for seed in group)
            return super().generate(request)

    def build(config, **files):
        parts = build_fake_parts(config, **files)
        parts.sampler = Recording(p_success)
        return parts

    job = bench.job(arm="reinforce_ada", build=build)
    train(job)
    assert max(row["num_rounds"] for row in _tables(job)[1]) > 1
    assert len(set(seeds)) == len(seeds)
