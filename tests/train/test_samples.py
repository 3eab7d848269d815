"""A few responses are kept as text: which, of which steps, and that nothing else is touched by it."""

import pyarrow.parquet as pq
import pytest

from knapsack_rl.base.types import Group, Prompt, Rollout, StopReason
from knapsack_rl.config import resume_hash
from knapsack_rl.records import SAMPLES, read_table
from knapsack_rl.train import train
from knapsack_rl.train.samples import MOST_CHARACTERS, sample_facts, shortened


class Drawn:
    """What ``sample_facts`` reads of a step: prompts a..e with 0 to 4 successes of 4."""

    def __init__(self, successes=((1, 1, 1, 1), (0, 0, 0, 0), (0, 1, 0, 0), (1, 0, 1, 1), (0, 1, 1, 0))):
        self.successes_P_G = [list(row) for row in successes]
        self.rewards_P_G = [[float(value) for value in row] for row in successes]
        self.reasons_P_G = [["right" if value else "wrong" for value in row] for row in successes]
        self.groups = [
            Group(
                prompt=Prompt(id=name, text=f"{name}?", answer=name, kind="k"),
                prompt_tokens=(1,),
                rollouts=tuple(
                    Rollout(tokens=(1, 2), logprobs=(0.0, 0.0), text=f"{name}{index}", stop=StopReason.EOS)
                    for index in range(len(row))
                ),
            )
            for name, row in zip("abcde", successes, strict=False)
        ]


def test_hardest_middle_and_easiest_are_kept_with_both_outcomes():
    """By the step's own success rates; of a group of one outcome one response is enough."""
    rows = sample_facts(Drawn(), num_prompts=3)
    found = [(row.prompt_id, row.num_successes, row.rollout, row.reward, row.reason) for row in rows]
    assert found == [
        ("b", 0, 0, 0.0, "wrong"),
        ("e", 2, 0, 0.0, "wrong"),
        ("e", 2, 1, 1.0, "right"),
        ("a", 4, 0, 1.0, "right"),
    ]
    assert [row.response for row in rows] == ["b0", "e0", "e1", "a0"]


@pytest.mark.parametrize(("number", "expected"), [(1, "e"), (2, "ba"), (9, "bceda")])
def test_any_number_of_prompts_is_spread_over_the_step(number, expected):
    """No prompt twice, and no more than there are."""
    rows = sample_facts(Drawn(), num_prompts=number)
    assert list(dict.fromkeys(row.prompt_id for row in rows)) == list(expected)


def test_long_and_malformed_texts_are_made_storable():
    """The middle is left out and counted; half a character does not stop the run."""
    text = shortened("a" * 5000 + "b" * 5000)
    assert text.startswith("aaa")
    assert text.endswith("bbb")
    assert f"[... {10_000 - MOST_CHARACTERS} characters left out ...]" in text
    assert shortened("x\ud800") == "x?"


def test_texts_are_published_with_the_run(bench):
    """Of the first step and the evaluated ones; each says how the prompt fared, as the groups do."""
    job = bench.job()
    train(job)
    rows = read_table(job.paths.samples, SAMPLES).to_pylist()
    assert {row["step"] for row in rows} == {1, *job.config.checkpoints} - {0}
    groups = pq.read_table(job.paths.groups).to_pylist()
    facts = {(g["step"], g["prompt_id"]): (g["num_rollouts"], g["num_successes"]) for g in groups}
    assert all((r["num_rollouts"], r["num_successes"]) == facts[r["step"], r["prompt_id"]] for r in rows)
    assert "samples.parquet" in (job.paths.folder / "SHA256SUMS").read_text(encoding="utf-8")


def test_a_run_that_ends_at_a_budget_keeps_texts_of_its_last_step(bench):
    """Six steps of 128 rollouts; every fourth is evaluated."""
    job = bench.job(stop={"num_rollouts": 6 * 128})
    train(job)
    rows = read_table(job.paths.samples, SAMPLES).to_pylist()
    assert {row["step"] for row in rows} == {1, 4, 6}


def test_keeping_texts_changes_no_other_record(tmp_path, bench):
    """Neither steps (but for seconds) nor groups, and not what resume state belongs to; 0 keeps none."""
    with_texts, without = bench.job(), type(bench)(tmp_path / "other").job(sampled_prompts=0)
    assert resume_hash(with_texts.config) == resume_hash(without.config)
    train(with_texts)
    train(without)
    assert not without.paths.samples.exists()
    for name in ("groups", "rounds"):
        one, two = (getattr(job.paths, name).read_bytes() for job in (with_texts, without))
        assert one == two
