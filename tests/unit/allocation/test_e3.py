"""Rank-proportional counts, their ranks over epochs, and the widening range."""

import numpy as np
import pytest

from knapsack_rl.allocation import AllocationRequest, Outcome, allocate, build_strategy, run_strategy
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs import BeliefArrays

RATES = [0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97]
IDS = tuple("abcdefgh")


def step(state, *, epoch, rates=(np.nan,) * 8, total=64, ids=IDS):
    request = AllocationRequest(total=total, low=2, high=128, prompt_ids=ids, epoch=epoch)
    beliefs = BeliefArrays.of(list(rates))
    return run_strategy(build_strategy("e3"), beliefs, request=request, state=state, rng=np.random.default_rng(0))


def outcome(successes, *, epoch=0, draws=8):
    return Outcome(step=1, epoch=epoch, prompt_ids=IDS, successes_P=np.array(successes), draws_P=np.full(8, draws))


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [(4, 12, [12, 12, 10, 8, 7, 6, 5, 4]), (2, 32, [17, 12, 10, 8, 7, 5, 3, 2])],
)
def test_survey_batch(least, most, *, expected):
    """Ranks k/8; what the floors leave goes to the hardest prompts that have room."""
    options = {"least": least, "most": most, "widen": 0}
    assert allocate("e3", RATES, total=64, bounds=(2, 32), options=options).tolist() == expected


def test_first_epoch_is_uniform():
    """The range starts at n, whatever is believed."""
    counts_P, state = step({}, epoch=0, rates=RATES)
    assert counts_P.tolist() == [8] * 8
    assert state == {}


def test_ranks_are_renewed_when_an_epoch_ends():
    """Means of the first epoch rank the second; outcomes of the second wait for the third."""
    rule = build_strategy("e3")
    state = rule.observe(outcome([0, 1, 2, 3, 4, 5, 6, 7]), state={})
    counts_P, state = step(state, epoch=1)
    assert state["ranks"] == {name: (7 - i) / 8 for i, name in enumerate(IDS)}
    assert (np.diff(counts_P) <= 0).all()
    assert counts_P.min() == 6
    assert counts_P[0] == 10
    state = rule.observe(outcome([8, 7, 6, 5, 4, 3, 2, 1], epoch=1, draws=80), state=state)
    again_P, state = step(state, epoch=1)
    np.testing.assert_array_equal(again_P, counts_P)
    assert state["counts"]["a"] == [8, 88]
    turned_P, _ = step(rule.observe(outcome([80, 70, 60, 50, 40, 30, 20, 10], draws=80), state=state), epoch=2)
    assert (np.diff(turned_P) >= 0).all()
    assert turned_P[0] == 4


def test_unseen_prompts_rank_as_the_hardest():
    """A prompt without a rank gets at least as much as any other."""
    _, state = step(build_strategy("e3").observe(outcome([0, 1, 2, 3, 4, 5, 6, 7]), state={}), epoch=1)
    counts_P, _ = step(state, epoch=1, ids=(*IDS[:7], "new"))
    assert counts_P[7] == counts_P.max()


def test_nothing_is_lost_when_nobody_has_room():
    """n_max binds for all: the rest is dealt within the bounds."""
    counts_P = allocate("e3", [0.5] * 4, total=40, bounds=(2, 12), options={"least": 2, "most": 3, "widen": 0})
    assert counts_P.sum() == 40
    assert counts_P.max() <= 12


def test_options_are_checked():
    """A range, not a crossing."""
    with pytest.raises(ConfigError, match=r"most = 3 >= 4"):
        build_strategy("e3", {"most": 3})
    with pytest.raises(ConfigError, match="option least = 0 must be above 0"):
        build_strategy("e3", {"least": 0})
