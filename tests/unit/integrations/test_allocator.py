"""The allocator that stands behind every other trainer."""

import json

import numpy as np
import pytest

from knapsack_rl.base.errors import AllocationError, ConfigError, InputError, StateError
from knapsack_rl.integrations.allocator import Allocator
from knapsack_rl.integrations.settings import AllocationSettings, successes

IDS = ("a", "b", "c", "d")


def outcomes(dealt):
    """Prompt a always fails, b always succeeds, c and d succeed every second time."""
    rate = {"a": lambda _: 0, "b": lambda _: 1, "c": lambda j: j % 2, "d": lambda j: j % 2}
    return [[rate[name](j) for j in range(count)] for name, count in zip(dealt.prompt_ids, dealt.counts_P, strict=True)]


def trained(steps=3, **changed):
    allocator = Allocator(AllocationSettings(**({"strategy": "knapsack_posterior", "high": 20} | changed)))
    for _ in range(steps):
        dealt = allocator.deal(IDS, total=32)
        allocator.observe(dealt, outcomes(dealt))
    return allocator


def test_counts_sum_to_the_total_and_follow_the_outcomes():
    """The prompt that always succeeds ends with the fewest."""
    dealt = trained().deal(IDS, total=32)
    assert dealt.counts_P.sum() == 32
    assert dealt.counts_P.argmin() == 1
    assert dealt.step == 4
    assert dealt.epoch == 3


def test_a_step_that_was_not_observed_leaves_no_trace():
    """It is dealt again with the same counts."""
    allocator = trained()
    first, before = allocator.deal(IDS, total=32), allocator.state_dict()
    again = allocator.deal(IDS, total=32)
    assert first.counts_P.tolist() == again.counts_P.tolist()
    assert before == allocator.state_dict()
    allocator.observe(first, outcomes(first))
    with pytest.raises(StateError, match=r"step 4 was handed in where step 5 is due"):
        allocator.observe(again, outcomes(again))


@pytest.mark.parametrize("strategy", ["knapsack", "knapsack_posterior", "e3", "coba_paper", "random_matched"])
def test_state_survives_a_file(strategy):
    """Later counts are the same."""
    one, other = trained(strategy=strategy), Allocator(AllocationSettings(strategy=strategy, high=20))
    other.load_state_dict(json.loads(json.dumps(one.state_dict())))
    for _ in range(3):
        dealt, same = one.deal(IDS, total=32), other.deal(IDS, total=32)
        assert dealt.counts_P.tolist() == same.counts_P.tolist()
        one.observe(dealt, outcomes(dealt))
        other.observe(same, outcomes(same))


def test_saved_beliefs_of_other_settings_are_refused():
    """The line names what differs."""
    state = trained().state_dict()
    with pytest.raises(StateError, match=r"belief = 'beta', not 'ema'|belief = '\w+', not 'ema'"):
        Allocator(AllocationSettings(strategy="knapsack_posterior", belief="ema")).load_state_dict(state)
    with pytest.raises(StateError, match=r"format None, not 1"):
        trained(0).load_state_dict({})
    with pytest.raises(StateError, match=r"incomplete"):
        trained(0).load_state_dict({key: state[key] for key in ("format", "settings")})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"low": 1}, r"low = 1: a group of fewer than 2 rollouts has no advantage; use 2 or more"),
        ({"low": 9, "high": 8}, r"low = 9 exceeds high = 8"),
        ({"strategy": "knapsak"}, r"unknown strategy 'knapsak'; did you mean 'knapsack'"),
        ({"belief": "newest"}, r"unknown belief 'newest'"),
        ({"strategy": "dapo"}, r"strategy 'dapo' draws in rounds"),
        ({"strategy": "knapsack_tokens"}, r"strategy 'knapsack_tokens' spends tokens"),
        ({"strategy": "oracle", "belief": "oracle"}, r"belief 'oracle' wants an independent sample"),
        ({"success_threshold": float("nan")}, r"success_threshold = nan must be a finite reward"),
    ],
)
def test_settings_that_cannot_be_met(settings, words):
    """One line each, before anything is sampled."""
    with pytest.raises(ConfigError, match=words):
        AllocationSettings(**settings)


def test_totals_that_cannot_be_met():
    """Below the lower bounds, or above the upper ones."""
    with pytest.raises(AllocationError, match=r"total 7 is below the lower bounds"):
        trained(0).deal(IDS, total=7)
    with pytest.raises(AllocationError, match=r"total 81 is above the upper bounds"):
        trained(0).deal(IDS, total=81)


def test_rewards_that_are_no_outcomes():
    """Graded rewards need a threshold; NaN is left out."""
    allocator = trained(0)
    dealt = allocator.deal(IDS, total=8)
    with pytest.raises(InputError, match=r"reward 0\.5 of prompt 'b' is neither 0 nor 1"):
        allocator.observe(dealt, [[0, 1], [0.5, 1], [1, 1], [0, 0]])
    graded = trained(0, success_threshold=0.5)
    graded.observe(graded.deal(IDS, total=8), [[0.2, 0.5], [float("nan"), 3], [], [-1, 0]])
    assert graded.step == 1


def test_a_threshold_bears_float32():
    """A reward of 0.7 that a trainer has kept in float32 is 0.69999999, and a success at 0.7."""
    kept = float(np.float32(0.7))
    assert kept < 0.7
    assert successes([[kept, 0.699, 0.701]], prompt_ids=["a"], threshold=0.7) == [[1, 0, 1]]
