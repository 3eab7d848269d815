"""The discounted Beta posterior, against the published recursion and by its clock."""

import numpy as np
import pytest

from knapsack_rl.beliefs import build_tracker

EIGHTS = [(3, 5), (0, 8), (8, 0)]
PUBLISHED = [(3.75, 5.75), (2.8125, 12.3125), (10.109375, 9.234375)]


def posterior(tracker, prompt_id="x"):
    beliefs = tracker.predict([prompt_id])
    return float(beliefs.a_P[0]), float(beliefs.b_P[0])


@pytest.mark.parametrize("clock", ["visit", "step"])
def test_published_sequence(clock):
    """Visits 3/8, 0/8, 8/8 from Beta(1, 1) with discount 0.75; in consecutive steps both clocks agree."""
    tracker = build_tracker("discounted_beta", {"discount": 0.75, "clock": clock})
    found = []
    for step, (won, lost) in enumerate(EIGHTS):
        tracker.observe(step=step, prompt_ids=["x"], rewards=[[1] * won + [0] * lost])
        found.append(posterior(tracker))
    assert found == PUBLISHED


def test_a_waiting_prompt_grows_less_certain():
    """Three steps of other prompts discount its counts three times and leave its mean."""
    tracker = build_tracker("discounted_beta", {"discount": 0.5, "floor": 1e-6})
    tracker.observe(step=0, prompt_ids=["x"], rewards=[[1, 0, 0, 0]])
    before = posterior(tracker)
    tracker.observe(step=3, prompt_ids=["other"], rewards=[[1]])
    assert posterior(tracker) == pytest.approx((before[0] / 8, before[1] / 8))


def test_by_visits_nothing_fades_between_them():
    """The published clock stands still while a prompt waits."""
    tracker = build_tracker("discounted_beta", {"discount": 0.5, "clock": "visit"})
    tracker.observe(step=0, prompt_ids=["x"], rewards=[[1, 0, 0, 0]])
    before = posterior(tracker)
    tracker.observe(step=1000, prompt_ids=["other"], rewards=[[1]])
    assert posterior(tracker) == before


def test_counts_stay_proper_for_ever():
    """A million steps later both counts are at the floor, and the belief is still one."""
    tracker = build_tracker("discounted_beta")
    tracker.observe(step=0, prompt_ids=["x"], rewards=[[0] * 8])
    tracker.observe(step=10**6, prompt_ids=["other"], rewards=[[0]])
    assert posterior(tracker) == (0.1, 0.1)


def test_a_failing_prompt_is_given_up():
    """The prior's success fades, so the mean falls below what decay to the prior would leave."""
    tracker = build_tracker("discounted_beta", {"discount": 0.5, "clock": "visit", "floor": 1e-9})
    for step in range(20):
        tracker.observe(step=step, prompt_ids=["x"], rewards=[[0] * 4])
    assert tracker.predict(["x"]).rate_P[0] < 1e-6


def test_unseen_prompt_has_the_prior_at_any_time():
    """Nothing was observed, so nothing fades."""
    tracker = build_tracker("discounted_beta", {"prior_a": 2, "prior_b": 3})
    tracker.observe(step=500, prompt_ids=["x"], rewards=[[1]])
    assert posterior(tracker, "unseen") == (2, 3)
    np.testing.assert_equal(tracker.predict(["unseen"]).draws_P, [0])
