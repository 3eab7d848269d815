"""The released estimator, against sequences measured by running the released code."""

import numpy as np
import pytest

from knapsack_rl.beliefs import build_tracker

ALTERNATING = [1, 0] * 4


def rates_after_each(visits, **options):
    tracker = build_tracker("newest16", options)
    rates = []
    for step, visit in enumerate(visits):
        tracker.observe(step=step, prompt_ids=["x"], rewards=[visit])
        rates.append(tracker.predict(["x"]).rate_P[0])
    return rates


def test_released_sequence():
    """2 of 8, then 2 failures, then 20 successes (a large visit counts alone), then 2 failures."""
    visits = [[1, 1, 0, 0, 0, 0, 0, 0], [0, 0], [1] * 20, [0, 0]]
    assert rates_after_each(visits) == [0.25, 0.2, 1.0, 0.875]


def test_small_visit_walks_back_from_the_newest_reward():
    """8 alternating rewards, then 10 successes: the newest 16 hold 3 old successes of 6."""
    assert rates_after_each([ALTERNATING, [1] * 10])[-1] == 0.8125


def test_order_inside_a_visit_matters_when_only_its_end_is_in_the_window():
    """The same counts in another order give another estimate."""
    assert rates_after_each([[1, 1, 1, 1, 0, 0, 0, 0], [1] * 10])[-1] == 12 / 16
    assert rates_after_each([[0, 0, 0, 0, 1, 1, 1, 1], [1] * 10])[-1] == 14 / 16


def test_latency_of_a_prompt_that_starts_failing():
    """8 of 8, then two failures per visit, as measured with the released code."""
    rates = rates_after_each([[1] * 8] + [[0, 0]] * 8)[1:]
    np.testing.assert_allclose(rates, [0.8, 2 / 3, 4 / 7, 0.5, 0.375, 0.25, 0.125, 0.0])


def test_visit_of_exactly_the_buffer_counts_alone():
    """16 rewards are a large visit, 15 are not."""
    assert rates_after_each([ALTERNATING, [1] * 16])[-1] == 1.0
    assert rates_after_each([ALTERNATING, [1] * 15])[-1] == 15 / 16


def test_large_visit_averages_all_of_its_rewards():
    """A visit of 40 is not cut to the newest 16."""
    assert rates_after_each([[1] * 10 + [0] * 30]) == [0.25]


def test_unknown_below_the_minimum():
    """Seven rewards leave the prompt unknown, the eighth makes it known; an unseen prompt is unknown."""
    tracker = build_tracker("newest16")
    tracker.observe(step=0, prompt_ids=["x"], rewards=[[0] * 7])
    beliefs = tracker.predict(["x", "never seen"])
    assert np.isnan(beliefs.rate_P).all()
    assert (beliefs.draws_P == 0).all()
    tracker.observe(step=1, prompt_ids=["x"], rewards=[[0]])
    assert tracker.predict(["x"]).rate_P[0] == 0.0


def test_without_robust_the_last_visit_counts_alone():
    """Released flag robust_epoch_estimation off."""
    assert rates_after_each([ALTERNATING, [1, 1]], robust=False) == [0.5, 1.0]


def test_without_epoch_the_window_also_cuts_large_visits():
    """Released flag epoch_estimation off."""
    assert rates_after_each([[0] * 4 + [1] * 16], epoch=False) == [1.0]


def test_counts_behind_the_rate_are_kept():
    """Ten rewards are reported as 2 of 10, not only as 0.2."""
    tracker = build_tracker("newest16")
    tracker.observe(step=0, prompt_ids=["x"], rewards=[[1, 1, 0, 0, 0, 0, 0, 0, 0, 0]])
    beliefs = tracker.predict(["x"])
    assert (beliefs.successes_P[0], beliefs.draws_P[0]) == (2, 10)


def test_memory_is_bounded():
    """After a thousand visits a prompt's saved state is no longer than after four."""
    tracker = build_tracker("newest16")
    for step in range(1000):
        tracker.observe(step=step, prompt_ids=["x"], rewards=[[1, 0, 1, 0]])
    recent, *_ = tracker.state_dict()["prompts"]["x"]
    assert len(recent) == 16


@pytest.mark.parametrize("buffer", [4, 16, 32])
def test_buffer_option_moves_the_window(buffer):
    """With a buffer of n the estimate rests on n of 100 single-reward visits."""
    tracker = build_tracker("newest16", {"buffer": buffer})
    for step in range(100):
        tracker.observe(step=step, prompt_ids=["x"], rewards=[[step % 2]])
    assert tracker.predict(["x"]).draws_P[0] == buffer
