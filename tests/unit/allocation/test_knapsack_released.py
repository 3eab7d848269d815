"""The released rule against counts measured with the released function."""

import numpy as np
import pytest

from knapsack_rl.allocation import allocate
from knapsack_rl.base.errors import ConfigError

SIXTEENTHS = np.arange(17) / 16
EVEN = np.repeat(SIXTEENTHS, 15)
SATURATED = np.concatenate([np.ones(102), np.zeros(49), np.repeat(SIXTEENTHS[1:16], 7)])
HARD = np.concatenate([np.ones(30), np.zeros(120), np.repeat(np.array([1, 2, 4, 8, 12]) / 16, [40, 30, 20, 10, 6])])
LATE = np.concatenate([np.ones(200), np.zeros(26), np.repeat(np.array([1, 2, 4, 8, 12, 15]) / 16, 5)])
SURVEY = [0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97]


def by_rate(counts_P, p_P):
    return [tuple(sorted(set(counts_P[p_P == p].tolist()), reverse=True)) for p in np.unique(p_P)]


def golden(text):
    return [tuple(map(int, item.split("-"))) for item in text.split(",")]


def released(rates, n, **extra):
    return allocate("knapsack_released", rates, total=len(rates) * n, **{"bounds": (2, 128), **extra})


@pytest.mark.parametrize(
    ("p_P", "n", "vector"),
    [
        (EVEN, 8, "2,15,17,14,12,10,8,7,7,7,7,8,8,7,3,2,2"),
        (EVEN, 4, "2,3,5,6,6,6,5,5,5,5,4,4,3,3,2,2,2"),
        (EVEN, 16, "67,32,25,20,16,13,11,9,9,9,10,11,12,12,11,3,2"),
        (SATURATED, 8, "9-8,32,25,20,16,13,11,9,9,9,10,11,12,12,11,3,2"),
        (HARD, 8, "2,20-19,19,13,7,9,2"),
        (LATE, 8, "41-40,43,30,18,10,14,3,2"),
    ],
    ids=["A", "A4", "A16", "B", "C", "D"],
)
def test_golden_vectors_as_released(p_P, n, *, vector):
    """Fallback allowed, as published; it acts in A16, B and D."""
    assert by_rate(released(p_P, n), p_P) == golden(vector)


@pytest.mark.parametrize(
    ("p_P", "n", "vector"),
    [
        (EVEN, 16, "2,48,33,25,19,16,13,11,10,11,12,14,15,17,18,6,2"),
        (SATURATED, 8, "2,45-44,31,23,18,15,12,11,10,10,11,13,15,16,17,3,2"),
        (LATE, 8, "2,110,63,33,16,29,69-68,2"),
    ],
    ids=["A16", "B", "D"],
)
def test_golden_vectors_without_fallback(p_P, n, *, vector):
    """The program alone."""
    assert by_rate(released(p_P, n, options={"fallback": False}), p_P) == golden(vector)


def test_survey_batch():
    """Eight rates, 64 rollouts; a bound of 32 and one of 128 give the same."""
    for high in (32, 128):
        counts_P = released(SURVEY, 8, bounds=(2, high))
        np.testing.assert_array_equal(counts_P, [2, 13, 18, 11, 7, 8, 3, 2])


@pytest.mark.parametrize(
    ("extra", "clean", "as_coded"),
    [
        (4, "2,2,2,4,4,2,2,2", "2,2,3,3,3,3,2,2"),
        (8, "2,2,2,5,5,4,2,2", "2,2,3,5,5,3,2,2"),
        (16, "2,2,7,7,5,5,2,2", "2,3,6,7,5,5,2,2"),
        (64, "2,21,23,12,8,9,3,2", "3,21,22,12,8,9,3,2"),
    ],
)
def test_the_first_extra_rollout_is_overvalued(extra, clean, *, as_coded):
    """With few rollouts above the lower bound, the release lifts everybody to three first."""
    problem = {"total": 16 + extra, "bounds": (2, 128)}
    np.testing.assert_array_equal(allocate("knapsack_greedy", SURVEY, **problem), np.ravel(golden(clean)))
    counts_P = allocate("knapsack_released", SURVEY, **problem, options={"fallback": False})
    np.testing.assert_array_equal(counts_P, np.ravel(golden(as_coded)))


@pytest.mark.parametrize(
    ("rates", "high", "expected"),
    [
        ([0, 0, 1, 1, 0.5, 0.5, 0.5, 0.25], 32, [18, 17, 2, 2, 6, 6, 5, 8]),
        ([np.nan, 0.5, 1, 1], 32, [23, 5, 2, 2]),
        ([1, 1, 1, 0.5], 32, [9, 9, 9, 5]),
        ([0, 1, 0, 1], 32, [14, 2, 14, 2]),
        ([np.nan] * 4, 32, [8] * 4),
        ([1.0] * 4, 32, [8] * 4),
        ([0, 1, 1, 1, 1, 1, 1, 0.5], 16, [47, 2, 2, 2, 2, 2, 2, 5]),
    ],
)
def test_small_batches_as_released(rates, high, *, expected):
    """Unseen prompts take surplus, and no cap holds it."""
    np.testing.assert_array_equal(released(rates, 8, bounds=(2, high)), expected)


def test_only_mixed_prompts_do_not_crash():
    """All rates 1/2: the released assertion fails here; the program gets everything instead."""
    np.testing.assert_array_equal(released([0.5] * 4, 8), [8] * 4)


@pytest.mark.parametrize(
    ("rates", "fallback", "largest"),
    [
        ([0.5] * 10 + [1.0] * 246, False, 156),
        ([0.0] + [0.5] * 10 + [1.0] * 245, True, 1508),
        ([0.0] + [1.0] * 255, True, 1538),
    ],
    ids=["program", "fallback", "nothing mixed"],
)
def test_the_upper_bound_is_ignored_as_released(rates, fallback, *, largest):
    """Measured extremes, far above 128."""
    assert released(rates, 8, options={"fallback": fallback}).max() == largest


def test_unseen_prompts_take_the_bonus_on_top():
    """They hold the uniform share and get as much as a failing prompt."""
    counts_P = released([np.nan, 0.0, 0.5, 1.0], 8)
    assert counts_P[0] - 8 in (counts_P[1] - 2, counts_P[1] - 1)


def test_cost_by_expectation():
    """1 / (p q) - 1: three for 1/2, so 21 of the 24 free rollouts go to the failing prompt."""
    np.testing.assert_array_equal(released([0.0, 0.5, 1.0, 1.0], 8, options={"cost": "expectation"}), [23, 5, 2, 2])


def test_options_are_checked():
    """Names and ranges."""
    with pytest.raises(ConfigError, match="option cost = 'time' must be one of: expectation, probability"):
        released([0.5], 8, options={"cost": "time"})
    with pytest.raises(ConfigError, match="option alpha = 1 must lie strictly between"):
        released([0.5], 8, options={"alpha": 1.0})
