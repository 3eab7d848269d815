"""Runs whose method draws in rounds: records, ledger, resume in the middle of a step."""

import pytest

from knapsack_rl.sampler import FakeSampler
from knapsack_rl.train import train

from .conftest import Bench, Killed, build_fake_parts, build_that_dies_in_call, p_success, published

ONE_ROUND = ("cero", "duet", "ngu", "query_recycling")
METHODS = ["c_grpo", "cero", "dapo", "duet", "greso", "ngu", "pilot_commit", "query_recycling", "reinforce_ada"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("killed_at", [2, 3, 11])
def test_a_run_killed_between_two_rounds_of_a_step_resumes_to_the_same_records(tmp_path, method, killed_at):
    whole = Bench(tmp_path / "a").job(arm=method)
    train(whole)
    dying = Bench(tmp_path / "b").job(arm=method, build=build_that_dies_in_call(killed_at))
    with pytest.raises(Killed):
        train(dying)
    train(Bench(tmp_path / "b").job(arm=method))
    assert published(dying) == published(whole)
    assert (max(row["round"] for row in published(whole)[2]) > 1) == (method not in ONE_ROUND)


@pytest.mark.parametrize("method", [*METHODS, "uniform"])
def test_every_generated_rollout_is_in_the_ledger_of_its_step(bench, method):
    """Also those of dropped groups; and the groups trained on have a gradient."""
    job = bench.job(arm=method)
    train(job)
    steps, groups, rounds = published(job)
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
    steps, groups, _ = published(job)
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
    assert max(row["num_rounds"] for row in published(job)[1]) > 1
    assert len(set(seeds)) == len(seeds)
