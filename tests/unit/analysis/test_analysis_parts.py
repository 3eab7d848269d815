"""Rows taken a part at a time are all rows, once, whatever their order."""

import numpy as np
import pandas as pd
import pytest

from knapsack_rl.analysis.concentration import largest_per_step, step_spread
from knapsack_rl.analysis.objective import step_objectives
from knapsack_rl.analysis.parts import codes_of, first_rows, parts_of


def test_codes_are_in_order_of_appearance():
    """Equal where all keys are, text, categories and numbers alike."""
    frame = pd.DataFrame({"run": ["b", "a", "b", "a"], "step": [7, 7, 7, 9]})
    for table in (frame, frame.astype({"run": "category"})):
        code, num = codes_of(table, ["run", "step"])
        assert (list(code), num) == ([0, 1, 0, 2], 3)
        assert list(first_rows(code)) == [0, 1, 3]


def test_codes_of_many_wide_keys_do_not_overflow():
    """Four keys of which each could be one of 65,001 are more combinations than a whole number of 64 bits has."""
    ends = np.array(np.meshgrid(*[[0, 65_000]] * 5)).reshape(5, -1).T
    frame = pd.DataFrame(np.vstack([ends, ends]), columns=list("abcde"))
    code, num = codes_of(frame, list("abcde"))
    assert num == 32
    assert list(code) == [*range(32), *range(32)]


@pytest.mark.parametrize("together", [True, False])
def test_parts_are_all_rows_once(together):
    """Rows of a part that stand together are not copied; others are gathered, in their order."""
    frame = pd.DataFrame({"run": list("aabbbc") if together else list("abcbab"), "x": range(6)})
    parts = list(parts_of(frame, ["run"]))
    assert [set(part["run"]) for part in parts] == [{"a"}, {"b"}, {"c"}]
    assert sorted(x for part in parts for x in part["x"]) == list(range(6))
    assert all(part["x"].is_monotonic_increasing for part in parts)
    shared = [np.shares_memory(part["x"].to_numpy(), frame["x"].to_numpy()) for part in parts]
    assert all(shared) == together


def test_an_empty_frame_has_one_empty_part():
    """What is computed of no rows has no rows, and not no columns."""
    (part,) = parts_of(pd.DataFrame({"run": [], "x": []}), ["run"])
    assert part.empty


def test_results_do_not_depend_on_the_order_of_rows(frames):
    """Rows of all runs shuffled together give what rows run by run give."""
    shuffled = frames.groups.sample(frac=1, random_state=0)
    for measure in (step_objectives, step_spread):
        tables = [measure(groups).sort_values(["run_id", "step"]) for groups in (frames.groups, shuffled)]
        pd.testing.assert_frame_equal(*(table.reset_index(drop=True) for table in tables), rtol=1e-9)
    most = [
        largest_per_step(groups).groupby(["run_id", "step"])["num_rollouts"].max()
        for groups in (frames.groups, shuffled)
    ]
    pd.testing.assert_series_equal(*(series.sort_index() for series in most))
