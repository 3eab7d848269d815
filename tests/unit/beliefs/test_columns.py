"""Trackers that keep columns: each equals its rule written out prompt by prompt, and a step as arrays one as lists."""

import numpy as np
import pytest

from knapsack_rl.beliefs import build_tracker
from knapsack_rl.beliefs.columns import ColumnTracker, group_successes

NUM_PROMPTS = 90


def newest16(visits, *, buffer=16, minimum=8, robust=True, epoch=True):
    every = [reward for visit in visits for reward in visit]
    if len(every) < minimum:
        return 0, 0
    alone = epoch and (not robust or len(visits[-1]) >= buffer)
    kept = visits[-1] if alone else every[-buffer:]
    return sum(kept), len(kept)


def sliding(visits, *, buffer=16, minimum=1):
    kept = [reward for visit in visits for reward in visit][-buffer:]
    return (sum(kept), len(kept)) if len(kept) >= minimum else (0, 0)


def cumulative(visits):
    every = [reward for visit in visits for reward in visit]
    return sum(every), len(every)


def last_visit(visits):
    return cumulative(visits[-1:])


def beta(visits, *, decay=0.5):
    won = lost = 0.0
    for visit in visits:
        won, lost = decay * won + sum(visit), decay * lost + len(visit) - sum(visit)
    return won, won + lost


RULES = {
    "newest16": (newest16, {}),
    "newest16, small": (newest16, {"buffer": 5, "minimum": 3}),
    "newest16, last visit alone": (newest16, {"robust": False}),
    "newest16, over visits": (newest16, {"epoch": False, "buffer": 80}),
    "sliding": (sliding, {"buffer": 6, "minimum": 2}),
    "beta": (beta, {}),
    "beta, slow": (beta, {"decay": 0.75}),
    "cumulative": (cumulative, {}),
    "last_visit": (last_visit, {}),
}


@pytest.mark.parametrize("case", RULES)
def test_counts_are_those_of_the_rule(case):
    """After 40 steps with groups of 0 to 70 rollouts, for more prompts than there is room at first."""
    rule, options = RULES[case]
    rng, tracker, seen = np.random.default_rng(0), build_tracker(rule.__name__, options), {}
    for step in range(40):
        index_P = rng.permutation(NUM_PROMPTS)[:7]
        groups = [
            (rng.random(count) < 0.4).astype(int).tolist() for count in rng.choice([0, 1, 2, 3, 8, 16, 70], size=7)
        ]
        tracker.observe(step=step, prompt_ids=[f"p{index}" for index in index_P], rewards=groups)
        for index, group in zip(index_P, groups, strict=True):
            seen.setdefault(index, []).extend([group] if group else [])
    beliefs = tracker.predict([f"p{index}" for index in range(NUM_PROMPTS)])
    wanted = [rule(visits, **options) if (visits := seen.get(index)) else (0, 0) for index in range(NUM_PROMPTS)]
    assert list(zip(beliefs.successes_P, beliefs.draws_P, strict=True)) == wanted


@pytest.mark.parametrize("name", ["newest16", "sliding", "beta", "cumulative", "last_visit", "ema"])
def test_a_step_as_arrays_is_one_as_lists(name):
    """The simulation tells what the trainer tells, and both end in the same state."""
    rng = np.random.default_rng(1)
    arrays, lists = build_tracker(name), build_tracker(name)
    assert isinstance(arrays, ColumnTracker)
    for step in range(20):
        ids = [f"p{index}" for index in rng.permutation(12)[:5]]
        counts_P = rng.choice([0, 1, 3, 20], size=5)
        rewards_R = rng.random(counts_P.sum()) < 0.5
        arrays.observe_arrays(ids, counts_P=counts_P, rewards_R=rewards_R)
        groups = np.split(rewards_R.astype(int), np.cumsum(counts_P)[:-1])
        lists.observe(step=step, prompt_ids=ids, rewards=[group.tolist() for group in groups])
    assert arrays.state_dict() == lists.state_dict()


def test_several_visits_are_pooled():
    """The two newest of three; a prompt with one visit has that one."""
    tracker = build_tracker("last_visit", {"visits": 2})
    for rewards in ([[1, 1, 1], []], [[0, 1], []], [[0], [1]]):
        tracker.observe(step=0, prompt_ids=["x", "y"], rewards=rewards)
    beliefs = tracker.predict(["x", "y"])
    assert (list(beliefs.successes_P), list(beliefs.draws_P)) == ([1, 1], [3, 1])
    assert tracker.state_dict()["prompts"] == {"x": [[1, 2], [0, 1]], "y": [[1, 1]]}


def test_successes_of_empty_groups():
    """Groups without rollouts have none, wherever they stand."""
    np.testing.assert_array_equal(group_successes(np.array([0, 2, 0, 1]), np.array([True, False, True])), [0, 1, 0, 1])
