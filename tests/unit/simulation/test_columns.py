"""Columns of beliefs say exactly what the trackers say."""

import numpy as np
import pytest

from knapsack_rl.beliefs import build_tracker
from knapsack_rl.simulation.columns import columns_of, group_successes

NUM_PROMPTS = 12


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("newest16", {}),
        ("newest16", {"buffer": 5, "minimum": 3}),
        ("newest16", {"robust": False}),
        ("newest16", {"epoch": False, "buffer": 52}),
        ("sliding", {"buffer": 6, "minimum": 2}),
        ("beta", {}),
        ("beta", {"decay": 0.75, "prior_a": 0.5}),
        ("cumulative", {}),
        ("last_visit", {}),
    ],
)
def test_columns_equal_their_tracker(name, options):
    """The same rewards in the same order give the same beliefs to the last digit; groups of 0 to 70 rollouts."""
    rng = np.random.default_rng(0)
    tracker = build_tracker(name, options)
    columns = columns_of(build_tracker(name, options), NUM_PROMPTS)
    assert columns is not None
    everyone = np.arange(NUM_PROMPTS)
    for step in range(60):
        index_P = rng.permutation(NUM_PROMPTS)[:7]
        counts_P = rng.choice([0, 1, 2, 3, 8, 16, 70], size=7)
        rewards_R = rng.random(counts_P.sum()) < 0.4
        columns.observe(step, index_P, counts_P=counts_P, rewards_R=rewards_R)
        groups = np.split(rewards_R.astype(int), np.cumsum(counts_P)[:-1])
        tracker.observe(step=step, prompt_ids=list(map(str, index_P)), rewards=[group.tolist() for group in groups])
        found, wanted = columns.predict(everyone), tracker.predict(list(map(str, everyone)))
        for column in ("rate_P", "successes_P", "draws_P", "a_P", "b_P"):
            np.testing.assert_array_equal(getattr(found, column), getattr(wanted, column), err_msg=f"{step} {column}")


@pytest.mark.parametrize(
    ("name", "options"), [("ema", {}), ("newest16", {"buffer": 53}), ("last_visit", {"visits": 2})]
)
def test_other_rules_have_no_columns(name, options):
    """The simulator falls back on the tracker itself."""
    assert columns_of(build_tracker(name, options), 3) is None


def test_successes_of_empty_groups():
    """Groups without rollouts have none, wherever they stand."""
    np.testing.assert_array_equal(group_successes(np.array([0, 2, 0, 1]), np.array([True, False, True])), [0, 1, 0, 1])
