"""One run, as every trainer would have logged it, gives the same groups."""

import csv
import math

import pytest
from trainer_logs import facts, groups_of, plain_rows, rollout, write_lines, write_parquet

from knapsack_rl.audit import AuditOptions, audit

ROWS = plain_rows()


def trl(folder):
    """A parquet file per step: the step as text, a column per reward function, no total."""
    for step in range(1, 13):
        rows = [
            {
                "step": str(step),
                "prompt": [{"role": "user", "content": row["prompt"]}],
                "completion": [{"role": "assistant", "content": "x" * 10}],
                "accuracy_reward": float(row["reward"]),
                "advantage": 0.5,
            }
            for row in ROWS
            if row["step"] == step
        ]
        write_parquet(folder / "completions" / f"completions_{step:05d}.parquet", rows)
    return folder


def verl(folder):
    """A file of JSON lines per step, named by it; scores of -1 and 1; a group id that is new in every step."""
    for step in range(1, 13):
        rows = [
            {
                "input": f"user\n{row['prompt']}",
                "output": "y" * 10,
                "gts": "7",
                "score": 2.0 * row["reward"] - 1,
                "step": step,
                "uid": f"{step}-{row['prompt']}",
            }
            for row in ROWS
            if row["step"] == step
        ]
        write_lines(folder / f"{step}.jsonl", rows)
    return folder


def slime(folder):
    """One compressed file; the step is the rollout's number, ``index`` numbers samples, lengths are known."""
    rows = [
        {
            "rollout_id": row["step"],
            "prompt": row["prompt"],
            "index": number,
            "group_index": f"{row['step']}/{row['prompt']}",
            "response_length": 10,
            "reward": row["reward"],
        }
        for number, row in enumerate(ROWS)
    ]
    return write_lines(folder / "debug.jsonl.gz", rows)


def by_name(folder):
    """Steps stand in the files' names alone."""
    for step in range(1, 13):
        write_lines(
            folder / f"step_{step}.jsonl",
            [{"example_id": row["prompt"], "reward": bool(row["reward"])} for row in ROWS if row["step"] == step],
        )
    return folder


def table(folder):
    """CSV with a byte order mark, blanks in the header and a prompt of several lines."""
    path = folder / "log.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([" step", " prompt", "reward "])
        writer.writerows([row["step"], f'{row["prompt"]}\n"quoted", too', row["reward"]] for row in ROWS)
    return path


@pytest.mark.parametrize("written", [trl, verl, slime, by_name, table])
def test_every_trainers_log_reads_alike(tmp_path, written):
    """Files come in the order of their numbers: 2 before 10."""
    plain = groups_of(write_lines(tmp_path / "plain.jsonl", ROWS))
    groups = groups_of(written(tmp_path / "log" if written is not table and written is not slime else tmp_path))
    assert facts(groups) == facts(plain)
    assert len(groups.step_G) == 72
    assert list(groups.visit_G[groups.prompt_G == 0]) == list(range(12))


@pytest.mark.parametrize(("written", "unit"), [(trl, "characters"), (slime, "tokens"), (table, "")])
def test_lengths_are_counted_in_what_there_is(tmp_path, written, unit):
    """Of 10 each, so the waste is that of rollouts; nothing is said where lengths are not known."""
    (tmp_path / "log").mkdir()
    found = audit(written(tmp_path / "log"))
    assert found.unit == unit
    share = sum(row["reward"] * 0 + 1 for row in ROWS if _uniform(row)) / len(ROWS)
    assert found.wasted == pytest.approx(share) if unit else math.isnan(found.wasted)


def _uniform(row):
    rewards = {other["reward"] for other in ROWS if (other["step"], other["prompt"]) == (row["step"], row["prompt"])}
    return len(rewards) == 1


def test_names_can_be_given(tmp_path):
    """Two rewards: one is chosen; a threshold makes graded rewards right or wrong."""
    rows = [
        {"it": row["step"], "who": row["prompt"], "format_reward": 1.0, "accuracy_reward": 0.1 + 0.7 * row["reward"]}
        for row in ROWS
    ]
    path = write_lines(tmp_path / "log.jsonl", rows)
    names = {"step": "it", "prompt": "who", "reward": "accuracy_reward"}
    plain = groups_of(write_lines(tmp_path / "plain.jsonl", ROWS))
    assert facts(groups_of(path, threshold=0.5, **names)) == facts(plain)


def test_rewards_without_a_number_are_left_out(tmp_path):
    """NaN, null and an empty cell; the log says how many."""
    rows = [*ROWS, rollout(1, "prompt 0", math.nan), rollout(1, "prompt 0", None), rollout(2, "prompt 1", "")]
    groups = groups_of(write_lines(tmp_path / "log.jsonl", rows))
    assert facts(groups) == facts(groups_of(write_lines(tmp_path / "plain.jsonl", ROWS)))
    assert any(note.startswith("3 rollouts without a reward") for note in groups.notes)


def test_two_values_are_told(tmp_path):
    """The higher one counts as a success, and the page says so."""
    found = audit(verl(tmp_path / "log"))
    assert any("1 counts as a success" in note for note in found.notes)


def test_graded_rewards_may_hide_a_gradient(tmp_path):
    """Under the threshold alike, but not equal: said, and not counted."""
    rows = [rollout(step, f"p{prompt}", 0.1 * place) for step in (1, 2) for prompt in range(4) for place in range(4)]
    found = audit(write_lines(tmp_path / "log.jsonl", rows), AuditOptions(threshold=0.5))
    assert found.hidden_spread == 1.0
    assert found.whole.all_wrong.value == 1.0
