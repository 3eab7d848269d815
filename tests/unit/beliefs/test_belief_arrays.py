"""Belief columns: construction, the three accepted forms, and refusals."""

import numpy as np
import pytest

from knapsack_rl.base.belief import Beta, Point, Unknown
from knapsack_rl.base.errors import AllocationError
from knapsack_rl.beliefs import BeliefArrays


def test_records_become_columns():
    """Each record kind fills its own columns and leaves NaN where it says nothing."""
    beliefs = BeliefArrays.from_records([Unknown(), Point(successes=3, draws=16), Beta(a=1, b=3)])
    np.testing.assert_equal(beliefs.rate_P, [np.nan, 3 / 16, 1 / 4])
    np.testing.assert_equal(beliefs.successes_P, [0, 3, np.nan])
    np.testing.assert_equal(beliefs.draws_P, [0, 16, np.nan])
    np.testing.assert_equal(beliefs.a_P, [np.nan, np.nan, 1])
    np.testing.assert_equal(beliefs.b_P, [np.nan, np.nan, 3])


def test_unknown_rate_is_nan_and_not_zero():
    """None and NaN are unknown prompts with no draws; rate 0 is a known one."""
    beliefs = BeliefArrays.from_rates([None, float("nan"), 0.0], draws=8)
    np.testing.assert_equal(beliefs.rate_P, [np.nan, np.nan, 0.0])
    np.testing.assert_equal(beliefs.draws_P, [0, 0, 8])


def test_rates_alone_have_no_number_of_draws():
    """A bare rate does not pretend to rest on any number of rollouts."""
    beliefs = BeliefArrays.from_rates([0.5])
    assert np.isnan(beliefs.draws_P[0])
    assert np.isnan(beliefs.successes_P[0])


def test_counts_without_draws_are_unknown():
    """Zero draws give NaN, without a division warning."""
    with np.errstate(all="raise"):
        beliefs = BeliefArrays.from_counts([0, 2], [0, 8])
    np.testing.assert_equal(beliefs.rate_P, [np.nan, 0.25])


@pytest.mark.parametrize(
    "form",
    [[0.25, None], np.array([0.25, np.nan]), [Point(successes=1, draws=4), Unknown()]],
    ids=["list", "array", "records"],
)
def test_of_accepts_every_form(form):
    """The same two prompts come out of rates and of records."""
    beliefs = BeliefArrays.of(form)
    np.testing.assert_equal(beliefs.rate_P, [0.25, np.nan])
    assert BeliefArrays.of(beliefs) is beliefs


def test_no_prompts_are_allowed():
    """An empty sequence gives empty columns."""
    assert len(BeliefArrays.of([])) == 0
    assert len(BeliefArrays.from_records([])) == 0


@pytest.mark.parametrize("rate", [-0.01, 1.01, float("inf"), float("-inf")])
def test_rates_outside_the_unit_interval_are_refused(rate):
    """The message names the prompt and the value."""
    with pytest.raises(AllocationError, match=rf"success rate {rate:g} of prompt 1 "):
        BeliefArrays.from_rates([0.5, rate])


@pytest.mark.parametrize(
    "record",
    [Point(successes=1, draws=0), Point(successes=3, draws=2), Beta(a=0, b=1), Beta(a=1, b=float("inf")), "0.5"],
)
def test_impossible_records_are_refused(record):
    """A record that is no probability statement raises, whatever follows it."""
    with pytest.raises(AllocationError):
        BeliefArrays.from_records([Unknown(), record])


def test_a_table_of_rates_is_refused():
    """Rates must be one-dimensional."""
    with pytest.raises(AllocationError, match="one value per prompt"):
        BeliefArrays.from_rates([[0.5, 0.5]])


def test_text_is_refused_in_one_line():
    """Values that are not numbers give our error, not numpy's."""
    with pytest.raises(AllocationError, match="beliefs must be rates"):
        BeliefArrays.of(["easy"])
