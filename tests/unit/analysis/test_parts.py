"""Rows taken a part at a time are all rows, once, whatever their order."""

import numpy as np
import pandas as pd
import pytest

from knapsack_rl.analysis.frames.parts import codes_of, first_rows, parts_of, renumbered
from knapsack_rl.analysis.frames.remember import once_per_frame
from knapsack_rl.analysis.measures.concentration import largest_per_step, step_spread
from knapsack_rl.analysis.measures.objective import step_objectives


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
@pytest.mark.parametrize("text", ["str", "category"])
def test_codes_are_those_of_tuples(together, text):
    """Whether rows of a kind stand together or not, and whatever the type of the keys: numbered as they appear."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"run": rng.choice(["c", "a", "b"], 60), "step": rng.integers(-5, 5, 60), "x": rng.random(60)})
    frame = frame.loc[np.repeat(frame.index, 8)].reset_index(drop=True).astype({"run": text})
    frame = frame if together else frame.sample(frac=1, random_state=0)
    for keys in (["run", "step"], ["step"], ["step", "x"], ["run"]):
        numbers: dict[tuple, int] = {}
        expected = [numbers.setdefault(row, len(numbers)) for row in frame[keys].itertuples(index=False, name=None)]
        code, num = codes_of(frame, keys)
        assert (code.tolist(), num, code.dtype) == (expected, len(numbers), np.int64)


@pytest.mark.parametrize(("numbers", "size"), [([5, 0, 5, 2, 0], 6), ([5, 0, 10**12, 0], 10**12 + 1), ([-1, 3, -1], 4)])
def test_renumbering_is_factorizing(numbers, size):
    """Few possible numbers, too many for a table, and one below 0 (an empty text)."""
    code, num = renumbered(np.array(numbers), size)
    expected, known = pd.factorize(np.array(numbers))
    assert (code.tolist(), num) == (expected.tolist(), len(known))


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


def test_what_is_derived_from_a_frame_is_derived_once():
    """By identity, and for as long as the frame is there: another frame at its place is another frame."""
    seen = []

    @once_per_frame
    def rows(frame):
        seen.append(len(frame))
        return frame.assign(y=1)

    frame = pd.DataFrame({"x": [1, 2]})
    assert rows(frame) is rows(frame)
    rows(frame.copy())
    assert seen == [2, 2]
    for length in (3, 4, 5):
        assert len(rows(pd.DataFrame({"x": range(length)}))) == length
