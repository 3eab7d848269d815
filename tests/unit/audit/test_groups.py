"""Rows brought together whatever their order, and steps that a log holds more than once."""

import numpy as np
import pytest
from trainer_logs import facts, groups_of, plain_rows, rollout, write_lines

from knapsack_rl.audit.replay import Rule, replay

ROWS = plain_rows()


@pytest.fixture
def plain(tmp_path):
    """What the log should come to."""
    return facts(groups_of(write_lines(tmp_path / "plain.jsonl", ROWS)))


def of_steps(first, last):
    return [row for row in ROWS if first <= row["step"] <= last]


def worthless(rows):
    """Rows of which none should count."""
    return [{**row, "reward": 1 - row["reward"]} for row in rows]


def test_groups_may_be_interleaved(tmp_path, plain):
    """Rollouts of a group stand far apart within their step."""
    mixed = [row for step in range(1, 13) for row in sorted(of_steps(step, step), key=lambda row: row["reward"])]
    assert facts(groups_of(write_lines(tmp_path / "log.jsonl", mixed))) == plain


def test_a_resume_in_one_file(tmp_path, plain):
    """The run was killed in step 9 and went on from step 7; the last rows count, and the log says so."""
    rows = [*of_steps(1, 6), *worthless(of_steps(7, 8)), *worthless(of_steps(9, 9))[:5], *of_steps(7, 12)]
    groups = groups_of(write_lines(tmp_path / "log.jsonl", rows))
    assert facts(groups) == plain
    assert any("3 steps from 7 on occur again" in note for note in groups.notes)


def test_a_resume_in_another_file(tmp_path, plain):
    """Later files replace the steps that they share with earlier ones."""
    first = write_lines(tmp_path / "a.jsonl", [*of_steps(1, 6), *worthless(of_steps(7, 8))])
    assert facts(groups_of(first, write_lines(tmp_path / "b.jsonl", of_steps(7, 12)))) == plain


def test_processes_write_files_of_their_own(tmp_path, plain):
    """Their prompts differ, so nothing is replaced."""
    even = [row for row in ROWS if row["prompt"][-1] in "024"]
    odd = [row for row in ROWS if row["prompt"][-1] not in "024"]
    groups = groups_of(write_lines(tmp_path / "rank0.jsonl", even), write_lines(tmp_path / "rank1.jsonl", odd))
    assert facts(groups) == plain
    (note,) = groups.notes
    assert note.startswith("12 steps were put together from parts")


def test_processes_that_share_a_group(tmp_path, plain):
    """Half of every group each: a user says that the rows are to be joined."""
    paths = [write_lines(tmp_path / f"rank{rank}.jsonl", ROWS[rank::2]) for rank in (0, 1)]
    assert facts(groups_of(*paths, repeated="join")) == plain


def test_rollouts_that_are_used_again(tmp_path, plain):
    """Two optimiser steps on one batch log it twice, under two steps."""
    rows = [
        {**row, "step": 2 * row["step"] + again, "response_length": place}
        for step in range(1, 13)
        for again in (0, 1)
        for place, row in enumerate(of_steps(step, step))
    ]
    groups = groups_of(write_lines(tmp_path / "log.jsonl", rows))
    assert [(step // 2, *rest) for step, *rest in facts(groups)] == plain
    assert any("12 steps log the rollouts of the step before" in note for note in groups.notes)


def test_a_prompt_twice_in_a_step(tmp_path):
    """With a group's id there are two groups of one visit; without one they are one, and the log says so."""
    rows = [
        rollout(step, f"p{prompt % 3}", (place + prompt) % 2, uid=f"{step}/{prompt}")
        for step in (1, 2)
        for prompt in range(4)
        for place in range(4)
    ]
    groups = groups_of(write_lines(tmp_path / "ids.jsonl", rows))
    assert list(groups.num_rollouts_G) == [4] * 8
    assert sorted(groups.visit_G) == [0] * 4 + [1] * 4
    without = groups_of(write_lines(tmp_path / "none.jsonl", [{**row, "uid": None} for row in rows]))
    assert sorted(without.num_rollouts_G) == [4, 4, 4, 4, 8, 8]
    assert any("2 prompts seem to occur twice in a step" in note for note in without.notes)


def test_ids_of_rollouts_are_no_groups(tmp_path, plain):
    """A uid for every row tells nothing."""
    rows = [{**row, "uid": str(number)} for number, row in enumerate(ROWS)]
    assert facts(groups_of(write_lines(tmp_path / "log.jsonl", rows))) == plain


@pytest.mark.parametrize("strategy", ["uniform", "knapsack", "knapsack_posterior", "coba_paper", "random_matched"])
def test_counts_rest_on_earlier_steps_alone(tmp_path, strategy):
    """Other outcomes from step 7 on change no count up to step 7, and some after it; budgets are those of the log."""
    log = groups_of(write_lines(tmp_path / "a.jsonl", ROWS))
    other = groups_of(write_lines(tmp_path / "b.jsonl", [*of_steps(1, 6), *worthless(of_steps(7, 12))]))
    one, two = (replay(groups, Rule(strategy=strategy)).counts_G for groups in (log, other))
    until = log.step_G <= 7
    assert (one[until] == two[until]).all()
    assert strategy == "uniform" or (one[~until] != two[~until]).any()
    assert (np.bincount(log.step_G, weights=one) == np.bincount(log.step_G, weights=log.num_rollouts_G)).all()
