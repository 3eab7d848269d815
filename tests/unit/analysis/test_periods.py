"""Quarters of a run, for tables and claims alike."""

import pandas as pd
import pytest

from knapsack_rl.analysis.inference.periods import by_period, in_quarter


def steps_of(*lengths):
    """Runs of these lengths; every step is a repeat."""
    rows = [(f"r{length}", step, 1.0) for length in lengths for step in range(1, length + 1)]
    return pd.DataFrame(rows, columns=["run_id", "step", "repeat_frac"])


@pytest.mark.parametrize(
    ("length", "spans"),
    [
        (48, [(1, 12), (13, 24), (25, 36), (37, 48)]),
        (50, [(1, 13), (14, 26), (25, 37), (38, 50)]),
        (6, [(1, 2), (3, 4), (3, 4), (5, 6)]),
        (2, [(1, 1), (2, 2), (1, 1), (2, 2)]),
    ],
)
def test_quarters_have_equally_many_steps(length, spans):
    """Also where the length is no multiple of four; quarters that are compared never share a step."""
    steps = steps_of(length, 4)
    mine = steps["run_id"] == f"r{length}"
    found = [steps.loc[in_quarter(steps, number) & mine, "step"] for number in (1, 2, 3, 4)]
    assert [(part.min(), part.max()) for part in found] == spans
    assert len({len(part) for part in found}) == 1


def test_a_run_of_one_step_has_no_third_quarter():
    """Its first quarter and its last are that step."""
    steps = steps_of(1)
    assert [int(in_quarter(steps, number).sum()) for number in (1, 3, 4)] == [1, 0, 1]


def test_tables_speak_of_the_same_quarters():
    """`by_period` names the first and the last."""
    steps = steps_of(50, 7)
    periods = by_period(steps)
    assert periods["first quarter"].equals(steps[in_quarter(steps, 1)])
    assert periods["last quarter"].equals(steps[in_quarter(steps, 4)])
