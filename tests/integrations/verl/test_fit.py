"""verl's own trainer, agent loops, reward loop and replay buffer run with dealt rollouts, on a CPU."""

import json
from pathlib import Path

import numpy as np
import pytest

from knapsack_rl.records import read_journal

pytestmark = [pytest.mark.verl, pytest.mark.slow]

FAILING = 11
STEPS, BUDGET, PROMPTS = 6, 8, 4


def groups_of(folder, step):
    """Scores by uid of verl's own dump of a step, its padding left out."""
    groups = {}
    for line in (folder / f"{step}.jsonl").read_text().splitlines():
        row = json.loads(line)
        uid = row["uid"].split("_")[0]
        if not uid.startswith("pad"):
            groups.setdefault(uid, []).append(row["score"])
    return list(groups.values())


@pytest.fixture(scope="module")
def run(tmp_path_factory, module_config, start_server, metrics_file):
    """A run of six steps over twelve problems, one of which the server never answers, saved after three."""
    from knapsack_rl.integrations.verl.fake import fit

    folder = tmp_path_factory.mktemp("run")
    config = module_config(
        folder,
        f"actor_rollout_ref.rollout.n={BUDGET}",
        "+trainer.v1.knapsack.strategy=knapsack",
        "+trainer.v1.knapsack.advantage_clip=1.5",
        f"+trainer.v1.knapsack.step_log={folder}/journal.jsonl",
        f"trainer.total_training_steps={STEPS}",
        "trainer.save_freq=3",
        "trainer.test_freq=6",
        f"trainer.validation_data_dir={folder}/validation",
    )
    with metrics_file(folder / "metrics.jsonl"):
        fit(config, start_server([FAILING]))
    lines = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
    return folder, config, {line["step"]: line["data"] for line in lines}


def test_every_step_spends_its_total_unevenly_once_rates_are_known(run):
    folder, _, metrics = run
    assert sorted(metrics) == [1, 2, 3, 4, 5, 6]
    uneven = set()
    for step, values in metrics.items():
        groups = groups_of(folder / "rollouts", step)
        sizes = [len(scores) for scores in groups]
        mixed = [len(set(scores)) > 1 for scores in groups]
        assert sum(sizes) + values["knapsack/evicted_rollouts"] == BUDGET * PROMPTS == values["knapsack/counts/total"]
        assert len(groups) + values["knapsack/evicted_groups"] == PROMPTS
        assert values["knapsack/effective_ratio/by_prompts"] == np.mean(mixed)
        assert values["knapsack/effective_ratio/by_rollouts"] == np.dot(sizes, mixed) / sum(sizes)
        uneven |= {step} if len(set(sizes)) > 1 else set()
    assert uneven == {4, 5, 6}


def test_a_group_that_failed_is_counted_by_its_size_and_its_rows_are_padding(run):
    _, _, metrics = run
    hit = {step for step, values in metrics.items() if values["knapsack/evicted_groups"] == 1}
    assert [len(hit & visit) for visit in ({1, 2, 3}, {4, 5, 6})] == [1, 1]
    for step in hit:
        values = metrics[step]
        lost = int(values["knapsack/evicted_rollouts"])
        least = 1 << (lost.bit_length() - 1)
        assert values[f"knapsack/evicted_groups/size_{least:03d}_{2 * least - 1:03d}"] == 1
        assert (BUDGET * PROMPTS - lost + values["knapsack/padding_rows"]) % (2 * BUDGET) == 0


def test_advantages_are_clipped(run):
    _, _, metrics = run
    assert max(values["critic/advantages/max"] for values in metrics.values()) == 1.5


def test_the_journal_agrees_with_verls_dump(run):
    folder, _, _ = run
    for line in read_journal(folder / "journal.jsonl"):
        told = sorted((row["num_rollouts"], row["num_successes"]) for row in line["groups"])
        dumped = sorted((len(scores), int(sum(scores))) for scores in groups_of(folder / "rollouts", line["step"]))
        assert told == dumped


def test_validation_is_not_dealt(run):
    folder, _, _ = run
    assert [len(scores) for scores in groups_of(folder / "validation", 6)] == [1] * 11


def test_a_resumed_run_deals_what_the_uninterrupted_one_did(run, start_server, metrics_file):
    from knapsack_rl.integrations.verl.fake import fit

    folder, config, _ = run
    before = read_journal(folder / "journal.jsonl")
    checkpoints = Path(config.trainer.default_local_dir)
    (checkpoints / "latest_checkpointed_iteration.txt").write_text("3")
    (folder / "journal.jsonl").unlink()
    with metrics_file(folder / "metrics_again.jsonl"):
        trainer = fit(config, start_server([FAILING]))
    assert trainer.actor_rollout_wg.num_updates == STEPS
    text = (folder / "journal.jsonl").read_text().splitlines()
    again = [{key: value for key, value in json.loads(line).items() if key != "crc32"} for line in text]
    assert again == before[3:]
