"""Rollout-GDRO: one size per bin of believed rates, in proportion to the root of what the bin's groups showed."""

import numpy as np
import pytest

from knapsack_rl.allocation import AllocationRequest, Outcome, allocate, build_strategy
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays

IDS = ("a", "b", "c", "d")


def call(strategy, rates, state):
    request = AllocationRequest(total=40, low=1, high=40, prompt_ids=IDS)
    return strategy(BeliefArrays.from_rates(rates), request, state=state, rng=np.random.default_rng(0))


def test_before_any_visit_a_bin_counts_as_its_middle():
    """Ten bins: .05 and .45; prompts of one bin get the same, a prompt at 1 is in the last one."""
    counts_P = allocate("rollout_gdro", [0.02, 0.08, 0.41, 0.49], total=4000, bounds=(1, 4000))
    share = np.sqrt(0.05 * 0.95 / (0.45 * 0.55))
    np.testing.assert_allclose(counts_P, 2000 * np.array([share, share, 1, 1]) / (1 + share), atol=1)
    assert allocate("rollout_gdro", [1.0, 0.95], total=20, bounds=(1, 20)).tolist() == [10, 10]


def test_a_bin_learns_what_its_groups_showed():
    """Unbiased variance of 2 of 4 and 0 of 4 is 1/3 and 0; with weight 1 the newest step alone counts."""
    strategy = build_strategy("rollout_gdro", {"rate": 1.0, "bins": 2})
    counts_P, state = call(strategy, [0.2, 0.2, 0.7, np.nan], {})
    outcome = Outcome(
        step=1, epoch=0, prompt_ids=IDS, successes_P=np.array([2, 0, 1, 3]), draws_P=np.array([4, 4, 4, 4])
    )
    state = strategy.observe(outcome, state=state)
    assert state["variances"] == pytest.approx([1 / 6, 1 / 4])
    counts_P, _ = call(strategy, [0.2, 0.2, 0.7, 0.7], state)
    np.testing.assert_allclose(
        counts_P, 20 * np.sqrt([1 / 6, 1 / 6, 1 / 4, 1 / 4]) / np.sqrt([1 / 6, 1 / 4]).sum(), atol=1
    )


def test_unseen_prompts_get_the_uniform_share_and_teach_nothing():
    strategy = build_strategy("rollout_gdro")
    counts_P, state = call(strategy, [np.nan, 0.5, np.nan, 0.1], {})
    assert counts_P[[0, 2]].tolist() == [10, 10]
    before = list(state["variances"])
    outcome = Outcome(step=1, epoch=0, prompt_ids=IDS, successes_P=np.array([5, 0, 5, 0]), draws_P=np.full(4, 10))
    changed = np.flatnonzero(np.array(strategy.observe(outcome, state=state)["variances"]) != before)
    assert changed.tolist() == [1, 5]


def test_options_are_checked():
    with pytest.raises(ConfigError, match=r"option rate = 1\.5 must be at most 1"):
        build_strategy("rollout_gdro", {"rate": 1.5})
