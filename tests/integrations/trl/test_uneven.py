"""Uneven groups: the counts are our trainer's, and so are the advantages."""

import math

import numpy as np
import pandas as pd
import pytest

from knapsack_rl.allocation import AllocationRequest, Outcome, build_strategy, run_strategy
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.beliefs import build_tracker
from knapsack_rl.grpo import effective_ratios, group_advantages
from knapsack_rl.integrations.settings import AllocationSettings

from .small import Watch, graded, reward, rows


def allocation(**changed):
    return {
        "allocation": AllocationSettings(
            **({"strategy": "knapsack", "belief": "last_visit", "low": 2, "high": 10} | changed)
        )
    }


@pytest.mark.parametrize("strategy", ["knapsack", "knapsack_posterior", "e3", "coba_paper"])
def test_counts_are_those_of_our_trainer(small, strategy):
    """The same outcomes, told to strategy and tracker as our trainer tells them, give the same counts."""
    trainer = small.make(given=allocation(strategy=strategy, belief=None), max_steps=16)
    watch = Watch(trainer)
    trainer.train()
    assert len(watch.batches) == 7

    rule = build_strategy(strategy)
    tracker, state = build_tracker(rule.default_belief), {}
    for step, (dealt, rewards) in enumerate(watch.batches, start=1):
        request = AllocationRequest(
            total=16, low=2, high=10, prompt_ids=dealt.prompt_ids, step=step, epoch=(step - 1) // 3
        )
        rng = np.random.default_rng(derive_seed(0, "allocate", step))
        counts, state = run_strategy(rule, tracker.predict(dealt.prompt_ids), request=request, state=state, rng=rng)
        assert dealt.counts_P.tolist() == counts.tolist() == [len(group) for group in rewards]
        tracker.observe(step=step, prompt_ids=dealt.prompt_ids, rewards=[[int(r) for r in group] for group in rewards])
        outcome = Outcome(
            step=step,
            epoch=(step - 1) // 3,
            prompt_ids=dealt.prompt_ids,
            successes_P=np.array([int(sum(group)) for group in rewards]),
            draws_P=counts,
        )
        state = rule.observe(outcome, state=state)
    if strategy != "e3":  # which widens its range too late for seven steps
        assert any(len(set(dealt.counts_P.tolist())) > 1 for dealt, _ in watch.batches)


def completions(small):
    """Logged completions by step."""
    files = sorted((small.root / "run" / "completions").glob("*.parquet"))
    return {int(path.stem[-5:]): pd.read_parquet(path) for path in files}


@pytest.mark.parametrize(("scale", "advantage"), [("group", "std"), ("none", "none")])
def test_advantages_are_ours(small, scale, advantage):
    """Those of `grpo`, with TRL's epsilon; every completion answers the prompt that owns its slot."""
    trainer = small.make(
        given=allocation(), max_steps=14, log_completions=True, scale_rewards=scale, num_completions_to_print=0
    )
    watch = Watch(trainer)
    trainer.train()
    tables, texts = completions(small), dict(zip(rows()["id"], rows()["prompt"], strict=True))
    uneven = 0
    for number, (dealt, rewards) in enumerate(watch.batches):
        table = tables[2 * number + 1]
        owners = np.repeat(dealt.prompt_ids, dealt.counts_P)
        assert table["prompt"].tolist() == [texts[owner] for owner in owners]
        assert table["reward"].tolist() == reward(table["completion"], owners) == [r for g in rewards for r in g]
        wanted = np.concatenate(group_advantages(rewards, advantage=advantage, epsilon=1e-4))
        assert table["advantage"].to_numpy() == pytest.approx(wanted, abs=1e-5)
        uneven += len(set(dealt.counts_P.tolist())) > 1
    assert uneven >= 3


def test_what_is_trained_on_carries_these_advantages(small):
    """The shuffled mini-batches hold every completion once, beside its own advantage."""
    trainer = small.make(given=allocation(), max_steps=8, steps_per_generation=2)
    watch, seen = Watch(trainer), []
    inner = trainer._compute_loss

    def compute_loss(model, inputs):
        seen.append((trainer._step, inputs["completion_ids"].tolist(), inputs["advantages"].tolist()))
        return inner(model, inputs)

    trainer._compute_loss = compute_loss
    trainer.train()
    tokenizer = trainer.processing_class
    for number, (dealt, rewards) in enumerate(watch.batches):
        mine = [entry for entry in seen if entry[0] // 2 == number]
        got = sorted(round(value, 4) for _, _, values in mine for value in values)
        wanted = np.concatenate(group_advantages(rewards, epsilon=1e-4))
        assert got == pytest.approx(sorted(round(float(value), 4) for value in wanted), abs=2e-4)
        assert sum(len(tokens) for _, tokens, _ in mine) == dealt.counts_P.sum() == 16
        assert all(tokenizer.decode(row) is not None for _, tokens, _ in mine for row in tokens)


def test_logs_both_ratios_and_the_allocation(small):
    """As they follow from the outcomes; TRL's share of completions without a gradient is of the groups there are."""
    trainer = small.make(given=allocation(), max_steps=14)
    watch = Watch(trainer)
    trainer.train()
    logs = [entry for entry in trainer.state.log_history if "knapsack/counts/max" in entry]
    assert len(logs) == len(watch.batches) + 0 or len(logs) == len(watch.batches) + 1
    for entry, (dealt, rewards) in zip(logs, watch.batches, strict=False):
        counts = dealt.counts_P
        by_rollouts, by_prompts = effective_ratios([sum(group) for group in rewards], counts)
        assert entry["knapsack/effective_ratio/by_rollouts"] == pytest.approx(by_rollouts)
        assert entry["knapsack/effective_ratio/by_prompts"] == pytest.approx(by_prompts)
        assert entry["frac_reward_zero_std"] == pytest.approx(1 - by_rollouts)
        assert (entry["knapsack/counts/min"], entry["knapsack/counts/max"]) == (counts.min(), counts.max())
        assert entry["knapsack/counts/moved"] == pytest.approx(np.abs(counts - 4).sum() / 32)
        assert entry["knapsack/groups/all_right"] == np.mean([min(group) == 1 for group in rewards])
        assert entry["knapsack/groups/all_wrong"] == np.mean([max(group) == 0 for group in rewards])
        assert entry["knapsack/allocate_s"] > 0
    assert logs[0]["knapsack/unknown_prompts"] == 1.0
    assert logs[-1]["knapsack/unknown_prompts"] == 0.0


def test_rewards_of_any_kind_with_a_threshold(small):
    """A rollout counts as a success from the threshold on; advantages are of the rewards themselves."""
    trainer = small.make(rewards=graded, given=allocation(success_threshold=0.5), max_steps=10)
    watch = Watch(trainer)
    trainer.train()
    tracker = build_tracker("last_visit")
    for dealt, rewards in watch.batches:
        tracker.observe(
            step=dealt.step, prompt_ids=dealt.prompt_ids, rewards=[[int(r >= 0.5) for r in g] for g in rewards]
        )
    assert tracker.state_dict() == trainer.allocator.state_dict()["tracker"]
    assert {r for _, groups in watch.batches for g in groups for r in g} - {0.0, 1.0}


def test_completions_that_nobody_judged(small):
    """They count in no group's mean, get no advantage, and no belief learns from them."""

    def sometimes(completions, id, **_):  # noqa: A002
        values = reward(completions, id)
        return [None if text.startswith("3") else value for text, value in zip(completions, values, strict=True)]

    trainer = small.make(rewards=sometimes, given=allocation(), max_steps=14)
    watch = Watch(trainer)
    trainer.train()
    lost = sum(math.isnan(r) for _, groups in watch.batches for g in groups for r in g)
    assert 0 < lost < 16 * len(watch.batches)
    assert all(math.isfinite(entry["loss"]) for entry in trainer.state.log_history if "loss" in entry)


@pytest.mark.parametrize("changed", [{"num_iterations": 2}, {"gradient_accumulation_steps": 2}], ids=str)
def test_iterations_and_accumulation(small, changed):
    """A batch is dealt once for all its updates."""
    steps = 12 * changed.get("num_iterations", 1)
    trainer = small.make(given=allocation(), max_steps=steps, **changed)
    watch = Watch(trainer)
    trainer.train()
    micro_steps = steps * changed.get("gradient_accumulation_steps", 1)
    cycles = micro_steps / (2 * changed.get("num_iterations", 1))
    assert len(watch.batches) == math.ceil(cycles) - 1
    assert any(len(set(dealt.counts_P.tolist())) > 1 for dealt, _ in watch.batches)


def test_a_vllm_server_is_sent_every_slot(small):
    """TRL's client sends the first of every ``num_generations`` prompts, which are other prompts' slots here."""

    class Server:
        """Answers like `VLLMGeneration` in server mode: n completions of every n-th prompt; echoes the prompt."""

        def sync_weights(self):
            """Nothing to do."""

        def generate(self, prompts, num_generations, **_):
            answers = [ids for ids in prompts[::num_generations] for _ in range(num_generations)]
            return None, answers, [[[0.0] for _ in ids] for ids in answers], None

    trainer = small.make(given=allocation(), max_steps=10, log_completions=True, num_completions_to_print=0)
    trainer.use_vllm, trainer.vllm_generation, trainer._last_loaded_step = True, Server(), -1
    trainer.vllm_importance_sampling_correction = False
    watch = Watch(trainer)
    trainer.train()
    assert any(len(set(dealt.counts_P.tolist())) > 1 for dealt, _ in watch.batches)
    for table in completions(small).values():
        assert table["prompt"].tolist() == table["completion"].tolist()


def test_a_stream_of_rows(small):
    """A data set without a length: identities are read as they come."""
    trainer = small.make(dataset=rows().to_iterable_dataset(), given=allocation(), max_steps=10)
    watch = Watch(trainer)
    trainer.train()
    assert any(len(set(dealt.counts_P.tolist())) > 1 for dealt, _ in watch.batches)


def test_beliefs_that_read_the_prompts(small):
    """They are shown the texts of all prompts beforehand."""
    trainer = small.make(given=allocation(belief="kernel_beta", strategy="knapsack_posterior"), max_steps=6)
    trainer.train()
    assert trainer.allocator.step >= 2
