"""Last visit, sliding buffer and moving average, against sequences worked out by hand."""

import numpy as np
import pytest

from knapsack_rl.beliefs import build_tracker

ALTERNATING = [1, 0] * 4


def after_each(name, observed, **options):
    tracker = build_tracker(name, options)
    for step, visit in enumerate(observed):
        tracker.observe(step=step, prompt_ids=["x"], rewards=[visit])
        yield tracker.predict(["x"])


def rates(name, observed, **options):
    return [float(beliefs.rate_P[0]) for beliefs in after_each(name, observed, **options)]


def test_last_visit_forgets_everything_else():
    """The rate of a visit is its own mean."""
    assert rates("last_visit", [[1, 0, 0, 0], [1, 1], [0]]) == [0.25, 1.0, 0.0]


def test_last_visits_are_pooled_not_averaged():
    """1 of 4 and 2 of 2 are 3 of 6; the third visit pushes the first out."""
    assert rates("last_visit", [[1, 0, 0, 0], [1, 1], [0]], visits=2) == [0.25, 0.5, 2 / 3]


def test_sliding_buffer_cuts_a_large_visit():
    """The newest 16 of 20 rewards, then 14 of those and two failures (released code, epoch_estimation off)."""
    assert rates("sliding", [[0] * 4 + [1] * 16, [0, 0]]) == [1.0, 14 / 16]


def test_sliding_buffer_equals_the_released_mode():
    """The same as newest16 without its rule for large visits."""
    visits = [ALTERNATING, [1] * 10, [0, 0], [1, 0] * 12, [0]]
    assert rates("sliding", visits) == rates("newest16", visits, epoch=False)


def test_sliding_buffer_waits_for_its_minimum():
    """Two rewards leave the prompt unknown when three are asked for."""
    first, second = rates("sliding", [[1, 1], [0]], minimum=3)
    assert np.isnan(first)
    assert second == pytest.approx(2 / 3)


def test_moving_average_moves_by_its_rate():
    """1/4, then half way to 1, then half way to 0."""
    assert rates("ema", [[1, 0, 0, 0], [1, 1], [0]], rate=0.5) == [0.25, 0.625, 0.3125]


def test_moving_average_weighs_visits_by_size():
    """With 4 pseudo draws a visit of 4 moves it half way, a visit of 12 three quarters."""
    assert rates("ema", [[0] * 4, [1] * 4, [0] * 12], pseudo_draws=4) == [0.0, 0.5, 0.125]


def test_draws_behind_a_moving_average():
    """Visits of m at rate 1/2 tend to the draws of a plain mean over 3 m (variance eta / (2 - eta) / m)."""
    *_, beliefs = after_each("ema", [[1, 0, 0, 0]] * 40, rate=0.5)
    assert beliefs.draws_P[0] == pytest.approx(12)
    assert beliefs.successes_P[0] == pytest.approx(3)


@pytest.mark.parametrize("name", ["last_visit", "sliding", "ema"])
def test_unseen_prompts_are_unknown(name):
    """No rate and no draws, and no warning on the way."""
    with np.errstate(all="raise"):
        beliefs = build_tracker(name).predict(["x"])
    assert np.isnan(beliefs.rate_P[0])
    assert beliefs.draws_P[0] == 0
