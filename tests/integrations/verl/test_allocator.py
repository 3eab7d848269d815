"""Beliefs and counts of the plug-in, without verl."""

import json

import numpy as np
import pytest

from knapsack_rl.base.errors import AllocationError, StateError
from knapsack_rl.integrations.state_file import NAME, find_state, write_state
from knapsack_rl.integrations.verl.allocator import Allocator, Batch
from knapsack_rl.integrations.verl.settings import read_settings

NAMES = ("a", "b", "c", "d")
OUTCOMES = {1: [[0] * 8, [1] * 8, [0, 1] * 4, [1] + [0] * 7], 2: [[0] * 4, [1] * 4, [1, 0] * 6, [0] * 12]}


def batch(step, *, names=NAMES, part=0):
    return Batch(prompt_ids=names, total=8 * len(names), step=step, epoch=0, part=part)


def taught(*steps, **section):
    allocator = Allocator(read_settings(section))
    for step in steps:
        allocator.deal(batch(step))
        allocator.observe(NAMES, OUTCOMES[step], step=step, epoch=0)
    return allocator


def test_unknown_prompts_share_evenly_and_known_ones_do_not():
    fresh, rates = taught().deal(batch(1))
    assert fresh.tolist() == [8, 8, 8, 8]
    assert np.isnan(rates).all()
    counts, rates = taught(1).deal(batch(2))
    assert counts.sum() == 32
    assert counts.min() == 2
    assert counts.max() > 8
    assert rates.tolist() == [0.0, 1.0, 0.5, 0.125]


@pytest.mark.parametrize("strategy", ["knapsack", "knapsack_posterior", "random_matched", "e3"])
def test_a_saved_state_goes_on_as_the_original(tmp_path, strategy):
    original = taught(1, 2, strategy=strategy)
    write_state(tmp_path / "global_step_2", original.state_dict())
    again = taught(strategy=strategy)
    again.load_state_dict(find_state(tmp_path / "global_step_2"))
    assert again.deal(batch(3))[0].tolist() == original.deal(batch(3))[0].tolist()
    assert again.visit("a") == 3
    assert again.state_dict() == original.state_dict()


def test_a_replacement_of_failed_groups_is_dealt_with_noise_of_its_own():
    """Otherwise ties of a step would be broken alike in every part of it."""
    names = tuple(map(str, range(64)))
    allocator = taught(strategy="random_matched", options={"of": "knapsack"})
    allocator.observe(names, [[int(n % 9 < k) for k in range(8)] for n in range(64)], step=1, epoch=0)
    first, again, replaced = (allocator.deal(batch(2, names=names, part=part))[0] for part in (0, 0, 1))
    assert first.tolist() == again.tolist()
    assert first.tolist() != replaced.tolist()


def test_a_checkpoint_without_beliefs_is_none(tmp_path):
    assert find_state(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[1]", '{"format": 1', "\udcff"])
def test_a_damaged_file_is_one_line(tmp_path, text):
    (tmp_path / NAME).write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(StateError, match=r"knapsack\.json: holds no saved beliefs .*; resume from an earlier"):
        find_state(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strategy": "uniform"}, "are of strategy 'uniform' in format 1, not 'knapsack' in format 1"),
        ({"format": 2}, "in format 2, not 'knapsack' in format 1"),
        ({"tracker": {"tracker": "ema", "prompts": {}}}, "tracker 'ema', not 'newest16'"),
        ({"visits": None}, None),
        ({"visits": 3}, "incomplete"),
    ],
)
def test_a_state_of_another_run_is_refused(change, message):
    state = json.loads(json.dumps(taught(1).state_dict())) | change
    if message is None:
        state.pop("visits")
        message = "incomplete"
    with pytest.raises(StateError, match=message):
        taught().load_state_dict(state)


def test_bounds_that_no_total_meets_are_refused():
    with pytest.raises(AllocationError, match="total 32 is below the lower bounds of 4 prompts, 36"):
        Allocator(read_settings({"low": 9})).deal(batch(1))
