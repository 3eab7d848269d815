"""Trackers that know prompts by their features: kernel-weighted counts and the learned predictor."""

import numpy as np
import pytest

from knapsack_rl.base.errors import InputError
from knapsack_rl.beliefs import build_tracker, hashed_features


def kernel(**options):
    tracker = build_tracker("kernel_beta", {"decay": 1.0, "width": 1.0, **options})
    tracker.set_features({"x": [0.0], "near": [1.0], "far": [100.0]})
    return tracker


def test_kernel_borrows_from_similar_prompts():
    """Distance 1 at width 1 weighs exp(-1/2); a far prompt keeps the prior; own draws count in full."""
    tracker = kernel()
    tracker.observe(step=0, prompt_ids=["x"], rewards=[[1, 1, 1, 0]])
    beliefs, weight = tracker.predict(["x", "near", "far"]), np.exp(-0.5)
    np.testing.assert_allclose(beliefs.a_P, [4, 1 + 3 * weight, 1])
    np.testing.assert_allclose(beliefs.b_P, [2, 1 + weight, 1])


def test_kernel_caps_what_is_borrowed_and_not_what_is_owned():
    """A thousand draws of a neighbour count as 8, in their proportion; a prompt's own stay."""
    tracker = kernel()
    tracker.observe(step=0, prompt_ids=["x"], rewards=[[1] * 250 + [0] * 750])
    beliefs = tracker.predict(["x", "near"])
    np.testing.assert_allclose(beliefs.draws_P, [1000, 8])
    np.testing.assert_allclose(beliefs.successes_P, [250, 2])


def test_kernel_evidence_ages_by_steps():
    """Half of it is left after one step at decay 1/2."""
    tracker = kernel(decay=0.5)
    tracker.observe(step=0, prompt_ids=["x"], rewards=[[1, 1]])
    tracker.observe(step=1, prompt_ids=["far"], rewards=[[0]])
    assert tracker.predict(["x"]).a_P[0] == pytest.approx(2)


def test_kernel_of_many_prompts_equals_that_of_each():
    """Blocks are a matter of memory only."""
    rng = np.random.default_rng(0)
    ids = [f"p{index}" for index in range(1500)]
    tracker = build_tracker("kernel_beta")
    tracker.set_features({key: rng.normal(size=3) for key in ids})
    tracker.observe(step=0, prompt_ids=ids[:50], rewards=[[1, 0, 0]] * 50)
    together = tracker.predict(ids).rate_P
    np.testing.assert_allclose(together[[0, 1100]], [tracker.predict([ids[k]]).rate_P[0] for k in (0, 1100)])


def test_learned_predictor_finds_what_makes_prompts_hard():
    """After 60 steps it ranks and places prompts that were never drawn; rates follow a logistic law of the features."""
    rng = np.random.default_rng(1)
    ids = [f"p{index}" for index in range(1200)]
    x = rng.normal(size=(1200, 3))
    p = 1 / (1 + np.exp(-(x @ [1.5, -1.0, 0.0] - 0.5)))
    tracker = build_tracker("learned")
    tracker.set_features(dict(zip(ids, x, strict=True)))
    for step in range(60):
        chosen = rng.integers(0, 1000, size=32)
        rewards = [(rng.random(8) < p[k]).astype(int).tolist() for k in chosen]
        tracker.observe(step=step, prompt_ids=[ids[k] for k in chosen], rewards=rewards)
    unseen = tracker.predict(ids[1000:])
    assert np.corrcoef(unseen.rate_P, p[1000:])[0, 1] > 0.95
    assert np.abs(unseen.rate_P - p[1000:]).mean() < 0.08
    np.testing.assert_allclose(unseen.a_P + unseen.b_P, 3.0)


def test_learned_predictor_gives_way_to_a_prompts_own_rewards():
    """64 own draws outweigh a prediction worth 3."""
    tracker = build_tracker("learned")
    tracker.set_features({"x": [1.0]})
    tracker.observe(step=0, prompt_ids=["x"], rewards=[[1] * 64])
    beliefs = tracker.predict(["x"])
    assert beliefs.rate_P[0] > 0.95
    assert (beliefs.successes_P[0], beliefs.draws_P[0]) == (64, 64)


def test_learned_predictor_before_training_is_even():
    """Nothing learnt: mean 1/2, worth its strength."""
    tracker = build_tracker("learned", {"strength": 4})
    tracker.set_features({"x": [1.0]})
    beliefs = tracker.predict(["x"])
    assert (beliefs.a_P[0], beliefs.b_P[0]) == (2, 2)


def test_cost_of_learning_is_counted():
    """4 passes over 2 prompts with 3 features and a constant, forward and backward; then one prediction each."""
    tracker = build_tracker("learned")
    tracker.set_features({"x": [1.0, 2.0, 3.0], "y": [0.0, 0.0, 1.0]})
    tracker.observe(step=0, prompt_ids=["x", "y"], rewards=[[1], [0]])
    tracker.predict(["x", "y"])
    cost = tracker.cost()
    assert (cost.num_updates, cost.num_multiply_adds) == (4, 2 * 4 * 8 + 8)
    assert cost.seconds > 0


@pytest.mark.parametrize("name", ["kernel_beta", "learned"])
def test_missing_features_are_named(name):
    """One line with the prompt and the remedy, from predict and from observe."""
    tracker = build_tracker(name)
    with pytest.raises(InputError, match="no features of prompt 'x': call set_features"):
        tracker.predict(["x"])
    with pytest.raises(InputError, match="no features of prompt 'x'"):
        tracker.observe(step=0, prompt_ids=["x"], rewards=[[1]])
    assert tracker.state_dict()["prompts"] == {}


@pytest.mark.parametrize("vectors", [{"x": [1.0], "y": [1.0, 2.0]}, {"x": [float("nan")]}, {"x": 1.0}])
def test_unusable_features_are_refused(vectors):
    """Vectors must be finite and of one length."""
    with pytest.raises(InputError, match="features of prompt"):
        build_tracker("learned").set_features(vectors)


def test_hashed_features_tell_texts_apart():
    """Similar texts are closer than different ones; an empty text is allowed."""
    table = hashed_features({"a": "12 + 34 =", "b": "12 + 35 =", "c": "Prove the lemma.", "d": ""})
    assert np.linalg.norm(table["a"] - table["b"]) < np.linalg.norm(table["a"] - table["c"])
    assert all(vector.shape == (64,) and np.isfinite(vector).all() for vector in table.values())
