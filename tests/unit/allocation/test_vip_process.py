"""VIP's process: what one prompt's outcome says about the others, and what the strategy makes of it."""

import json

import numpy as np
import pytest

from knapsack_rl.allocation import AllocationRequest, Outcome, build_strategy, run_strategy
from knapsack_rl.allocation.gaussian_process import updated_latents
from knapsack_rl.beliefs import BeliefArrays

FEATURES = {"a": np.array([0.0, 0.0]), "b": np.array([0.1, 0.0]), "c": np.array([1.0, 0.0]), "d": np.array([9.0, 9.0])}


def step(state, *, ids=("a", "b", "c", "d"), features=FEATURES):
    request = AllocationRequest(total=8 * len(ids), low=3, high=30, prompt_ids=ids, features=features)
    beliefs = BeliefArrays.of([np.nan] * len(ids))
    return run_strategy(build_strategy("vip"), beliefs, request=request, state=state, rng=np.random.default_rng(0))


def test_similar_prompts_move_and_distant_ones_do_not():
    """Observed latents are taken over, a close prompt follows, a far one keeps the prior."""
    after = updated_latents({}, {"a": 3.0, "c": 1.0}, features=FEATURES, prior=-1.0)
    assert after["a"] == 3.0
    assert after["c"] == 1.0
    assert 2.5 < after["b"] < 3.5
    assert after["d"] == pytest.approx(-1.0)


def test_latents_are_those_of_the_regression():
    """Against the formula written out, from latents that are not the prior."""
    before = {"a": 0.5, "b": 0.0, "c": -0.5, "d": 0.2}
    after = updated_latents(before, {"a": 2.0, "c": -2.0}, features=FEATURES, prior=-1.0)
    near = np.exp(-0.5)  # the median distance of the two observed prompts is their own, 1
    kernel = np.array([[1.0, near], [near, 1.0]]) + 1e-4 * np.eye(2)
    to_b = np.exp(-0.5 * np.array([0.1, 0.9]) ** 2)
    assert after["b"] == pytest.approx(to_b @ np.linalg.solve(kernel, [1.5, -1.5]), rel=1e-9)


def test_prompts_without_features_only_know_themselves():
    """Nothing is predicted from them."""
    assert updated_latents({}, {"x": 2.0}, features={"a": np.zeros(2)}, prior=-1.0) == {"a": -1.0, "x": 2.0}


def test_strategy_allocates_by_its_process():
    """All alike at first; then rollouts leave the prompts that resemble a solved one, and the state survives JSON."""
    counts_P, state = step({})
    assert counts_P.tolist() == [8] * 4
    outcome = Outcome(step=1, epoch=0, prompt_ids=("a",), successes_P=np.array([8]), draws_P=np.array([8]))
    state = json.loads(json.dumps(build_strategy("vip").observe(outcome, state=state)))
    counts_P, state = step(state)
    assert counts_P[0] == counts_P.min()
    assert counts_P[1] < counts_P[3]
    assert state["observed"] == {}
    again_P, _ = step(state)
    np.testing.assert_array_equal(np.sort(again_P), np.sort(counts_P))
