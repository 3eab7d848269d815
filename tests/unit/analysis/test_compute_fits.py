"""Sigmoids of accuracy over compute: a known curve is found, and what cannot be told is not."""

import numpy as np
import pytest

from knapsack_rl.analysis.inference.sigmoid import Sigmoid, fit_sigmoid

TOKENS = np.array([1, 2, 4, 8, 16, 32, 64]) * 1e5


def test_a_known_curve_is_found():
    true = Sigmoid(end=0.62, middle=6e5, steepness=1.4, settled=True)
    found = fit_sigmoid(TOKENS, true.at(TOKENS, start=0.2), start=0.2)
    assert found.settled
    assert (found.end, found.middle, found.steepness) == pytest.approx((0.62, 6e5, 1.4), rel=1e-3)


def test_half_of_the_rise_is_done_at_the_middle():
    """And with a steepness of 1, two thirds at twice that compute."""
    curve = Sigmoid(end=0.8, middle=100.0, steepness=1.0, settled=True)
    np.testing.assert_allclose(curve.at([100.0, 200.0, 1e12], start=0.2), [0.5, 0.6, 0.8], rtol=1e-6)


def test_noise_is_averaged_over_replicates():
    """Mean of 40 fits at a standard error of 0.01 per point, within four of its own standard errors."""
    true, rng = Sigmoid(end=0.62, middle=6e5, steepness=1.4, settled=True), np.random.default_rng(0)
    ends = [
        found.end
        for _ in range(40)
        if (found := fit_sigmoid(TOKENS, true.at(TOKENS, start=0.2) + rng.normal(0, 0.01, 7), start=0.2)).settled
    ]
    assert len(ends) > 30
    assert abs(np.mean(ends) - 0.62) < 4 * np.std(ends, ddof=1) / len(ends) ** 0.5


def test_a_line_does_not_say_where_it_ends():
    """Accuracy that still rises as fast as at first has its end beyond what was spanned."""
    found = fit_sigmoid(TOKENS, 0.2 + 0.02 * np.arange(1, 8) * np.array([1, 1, 1, 1.2, 1.5, 2, 2.5]), start=0.2)
    assert not found.settled or found.middle > TOKENS[-1] / 4


def test_three_checkpoints_are_too_few():
    assert fit_sigmoid([0, 1e5, 2e5, 3e5], [0.2, 0.3, 0.35, 0.36], start=0.2) is None
