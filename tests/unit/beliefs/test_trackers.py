"""What every tracker promises, and the rules of the simple ones."""

import json

import numpy as np
import pytest

from knapsack_rl.base.errors import InputError, StateError
from knapsack_rl.beliefs import NeedsFeatures, NeedsProbe, build_tracker, tracker_names

IDS = ["w", "x", "y", "z", "new", "unseen"]
EVERY = pytest.mark.parametrize("name", tracker_names())


def columns(beliefs):
    return [beliefs.rate_P, beliefs.successes_P, beliefs.draws_P, beliefs.a_P, beliefs.b_P]


def ready(name):
    """A fresh tracker that was told about the prompts what it needs to know."""
    tracker = build_tracker(name)
    if isinstance(tracker, NeedsFeatures):
        tracker.set_features({key: [index / 5, index % 2] for index, key in enumerate(IDS)})
    return tracker


def visited(name):
    tracker = ready(name)
    if isinstance(tracker, NeedsProbe):
        tracker.set_probe(IDS, successes=range(6), draws=[8] * 6)
    tracker.observe(step=0, prompt_ids=["x", "y"], rewards=[[1, 0, 0, 0, 0, 0, 0, 1], [0] * 20])
    tracker.observe(step=1, prompt_ids=["x"], rewards=[[1, 1, 1]])
    return tracker


@EVERY
def test_state_survives_json(name):
    """A tracker restored from JSON predicts and learns like the original."""
    original, restored = visited(name), ready(name)
    restored.load_state_dict(json.loads(json.dumps(original.state_dict())))
    for tracker in (original, restored):
        tracker.observe(step=5, prompt_ids=["x", "z"], rewards=[[0, 1], [1] * 9])
    ids = ["x", "y", "z", "unseen"]
    np.testing.assert_equal(columns(restored.predict(ids)), columns(original.predict(ids)))
    assert restored.state_dict() == original.state_dict()


@EVERY
def test_state_of_another_tracker_is_refused(name):
    """Resuming with a different estimator is an error, not a silent restart."""
    with pytest.raises(StateError, match="saved beliefs are of tracker 'other'"):
        build_tracker(name).load_state_dict({"tracker": "other", "prompts": {}})


@EVERY
@pytest.mark.parametrize("reward", [-1, 2, 0.5, None])
def test_rewards_must_be_binary(name, reward):
    """The message names the reward and the prompt, and nothing is recorded for anyone."""
    tracker = ready(name)
    before = tracker.state_dict()
    with pytest.raises(InputError, match=rf"reward {reward!r} of prompt 'x'"):
        tracker.observe(step=0, prompt_ids=["w", "x"], rewards=[[1], [1, reward]])
    assert tracker.state_dict() == before


@EVERY
def test_lengths_must_agree(name):
    """One reward list per prompt id."""
    with pytest.raises(InputError, match="2 prompt ids came with 1 reward lists"):
        build_tracker(name).observe(step=0, prompt_ids=["x", "y"], rewards=[[1]])


@EVERY
def test_a_repeated_id_is_one_visit(name):
    """Two halves of one step equal the whole."""
    halves, whole = ready(name), ready(name)
    halves.observe(step=0, prompt_ids=["x", "x"], rewards=[[1] * 8, [0] * 10])
    whole.observe(step=0, prompt_ids=["x"], rewards=[[1] * 8 + [0] * 10])
    assert halves.state_dict() == whole.state_dict()


@EVERY
def test_a_prompt_without_rewards_is_not_visited(name):
    """An empty group neither adds evidence nor ages the old one."""
    tracker = visited(name)
    before = tracker.state_dict()
    tracker.observe(step=2, prompt_ids=["x", "new"], rewards=[[], []])
    assert tracker.state_dict() == before


@EVERY
def test_predicting_nothing_gives_nothing(name):
    """No ids, no beliefs."""
    assert len(ready(name).predict([])) == 0


def test_cumulative_never_forgets():
    """5 of 11 over two visits; unseen prompts are unknown."""
    beliefs = visited("cumulative").predict(["x", "y", "unseen"])
    np.testing.assert_equal(beliefs.rate_P, [5 / 11, 0.0, np.nan])
    np.testing.assert_equal(beliefs.draws_P, [11, 20, 0])


def test_beta_decays_towards_the_prior():
    """Visits 3/8, 0/8, 8/8 from Beta(1, 1) with decay 0.5 (published recursion)."""
    tracker = build_tracker("beta", {"decay": 0.5})
    posteriors = []
    for step, won in enumerate([3, 0, 8]):
        tracker.observe(step=step, prompt_ids=["x"], rewards=[[1] * won + [0] * (8 - won)])
        beliefs = tracker.predict(["x"])
        posteriors.append((beliefs.a_P[0], beliefs.b_P[0]))
    assert posteriors == [(4.0, 6.0), (2.5, 11.5), (9.75, 6.25)]


def test_beta_without_decay_is_the_conjugate_posterior():
    """Decay 1 adds all counts to the prior; the counts are reported without it."""
    tracker = build_tracker("beta", {"prior_a": 0.5, "prior_b": 2, "decay": 1.0})
    for step in range(3):
        tracker.observe(step=step, prompt_ids=["x"], rewards=[[1, 0, 0]])
    beliefs = tracker.predict(["x"])
    assert (beliefs.a_P[0], beliefs.b_P[0]) == (3.5, 8.0)
    assert (beliefs.successes_P[0], beliefs.draws_P[0]) == (3.0, 9.0)


def test_unseen_prompt_has_the_beta_prior():
    """It is a belief with mean 1/2 and no draws, not an unknown."""
    beliefs = build_tracker("beta").predict(["unseen"])
    assert (beliefs.a_P[0], beliefs.b_P[0], beliefs.rate_P[0], beliefs.draws_P[0]) == (1.0, 1.0, 0.5, 0.0)
