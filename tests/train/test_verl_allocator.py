"""The allocator of the verl plug-in deals what our own trainer deals, given the same outcomes."""

import pytest

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import GenerationRequest
from knapsack_rl.integrations.verl.allocator import Allocator, Batch
from knapsack_rl.integrations.verl.settings import read_settings
from knapsack_rl.records import read_journal
from knapsack_rl.records.prompts import read_train_prompts
from knapsack_rl.sampler import FakeSampler
from knapsack_rl.train import train

from .conftest import p_success

ARMS = {
    "knapsack": ("knapsack", "newest16"),
    "knapsack_posterior": ("knapsack_posterior", None),
    "e3": ("e3", None),
    "vip": ("vip", None),
}


def outcomes(config, prompts, counts, *, step):
    """What the fake of our trainer samples at a step, judged; a list per prompt."""
    seeds = [
        tuple(derive_seed(config.seed, "rollout", step, prompt.id, index) for index in range(count))
        for prompt, count in zip(prompts, counts, strict=True)
    ]
    request = GenerationRequest(prompts=tuple(prompts), counts=tuple(counts), seeds=tuple(seeds))
    groups = FakeSampler(p_success).generate(request)
    return [[int(rollout.text != "wrong") for rollout in group.rollouts] for group in groups]


@pytest.mark.parametrize("arm", ARMS)
def test_counts_equal_our_trainers(bench, arm):
    job = bench.job(arm=arm, steps=12)
    train(job)
    known = {prompt.id: prompt for prompt in read_train_prompts(job.prompts_file)}
    strategy, belief = ARMS[arm]
    settings = read_settings({"strategy": strategy, "belief": belief, "seed": job.config.seed})
    allocator = Allocator(settings, texts={name: prompt.text for name, prompt in known.items()})
    uneven = 0
    for record in read_journal(job.paths.state / "journal.jsonl"):
        names = tuple(row["prompt_id"] for row in record["groups"])
        wanted = [row["num_rollouts"] for row in record["groups"]]
        batch = Batch(prompt_ids=names, total=sum(wanted), step=record["step"], epoch=record["epoch"])
        counts_P, _ = allocator.deal(batch)
        assert counts_P.tolist() == wanted, f"step {record['step']}"
        rewards = outcomes(job.config, [known[name] for name in names], wanted, step=record["step"])
        assert [sum(group) for group in rewards] == [row["num_successes"] for row in record["groups"]]
        allocator.observe(names, rewards, step=record["step"], epoch=record["epoch"])
        uneven += len(set(wanted)) > 1
    assert uneven >= 4
