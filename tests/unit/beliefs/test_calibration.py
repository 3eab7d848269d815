"""Calibration measures, where the truth is known."""

import numpy as np
import pytest

from knapsack_rl.base.errors import InputError
from knapsack_rl.beliefs import BeliefArrays
from knapsack_rl.beliefs.calibration import calibrate


def test_exact_predictions_of_exact_probes():
    """No error, correlation 1, a curve on the diagonal."""
    found = calibrate(BeliefArrays.from_rates([0.0, 0.25, 1.0]), successes_P=[0, 25, 100], draws_P=[100] * 3)
    assert (found.mean_absolute_error, found.root_mean_square_error) == (0.0, 0.0)
    assert found.correlation == pytest.approx(1.0)
    np.testing.assert_allclose(found.curve.predicted_K, found.curve.observed_K)
    np.testing.assert_equal(found.curve.num_prompts_K, [1, 1, 1])


def test_errors_by_hand():
    """Errors .1 and .3: mean .2; curve classes [.2, .3) and [.8, .9)."""
    found = calibrate(BeliefArrays.from_rates([0.2, 0.8]), successes_P=[30, 50], draws_P=[100, 100])
    assert found.mean_absolute_error == pytest.approx(0.2)
    np.testing.assert_allclose(found.curve.observed_K, [0.3, 0.5])
    np.testing.assert_allclose(found.curve.standard_error_K, [np.sqrt(0.3 * 0.7 / 100), 0.05])


def test_probe_noise_is_subtracted_from_the_root_mean_square():
    """A perfect forecaster is not blamed for probes of 4 draws; one that is off by .1 is blamed for .1."""
    rng = np.random.default_rng(0)
    p = rng.uniform(0.15, 0.85, size=40_000)
    successes = rng.binomial(4, p)
    perfect = calibrate(BeliefArrays.from_rates(p), successes_P=successes, draws_P=np.full(p.size, 4))
    shifted = calibrate(BeliefArrays.from_rates(p + 0.1), successes_P=successes, draws_P=np.full(p.size, 4))
    assert perfect.mean_absolute_error > 0.1
    assert perfect.root_mean_square_error < 0.02
    assert shifted.root_mean_square_error == pytest.approx(0.1, abs=0.01)


def test_curve_of_a_calibrated_forecaster_is_the_diagonal():
    """Every class within four standard errors."""
    rng = np.random.default_rng(1)
    p = rng.random(5_000)
    found = calibrate(BeliefArrays.from_rates(p), successes_P=rng.binomial(8, p), draws_P=np.full(p.size, 8))
    assert (np.abs(found.curve.observed_K - found.curve.predicted_K) < 4 * found.curve.standard_error_K).all()
    assert found.curve.num_prompts_K.sum() == 5_000


def test_unknown_and_unprobed_prompts_are_left_out():
    """They are counted, or not even that; their absence is not an error."""
    beliefs = BeliefArrays.from_rates([float("nan"), 0.5, 0.5])
    found = calibrate(beliefs, successes_P=[1, 1, 0], draws_P=[2, 2, 0])
    assert (found.num_known, found.num_unknown, found.mean_absolute_error) == (1, 1, 0.0)
    assert np.isnan(found.correlation)


def test_nothing_known_is_nan():
    """No prompt, no number, no warning."""
    found = calibrate(BeliefArrays.from_rates([float("nan")]), successes_P=[1], draws_P=[2])
    assert found.num_known == 0
    assert np.isnan([found.mean_absolute_error, found.root_mean_square_error, found.correlation]).all()
    assert len(found.curve.predicted_K) == 0


@pytest.mark.parametrize(("successes", "draws"), [([3], [2]), ([1, 1], [2, 2])])
def test_impossible_probes_are_refused(successes, draws):
    """Successes above draws, or another number of prompts."""
    with pytest.raises(InputError, match="probe"):
        calibrate(BeliefArrays.from_rates([0.5]), successes_P=successes, draws_P=draws)
