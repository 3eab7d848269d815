"""Averages and intervals, against brute force and hand calculation."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from knapsack_rl.analysis.inference.stats import (
    avg_at_k,
    bootstrap_over_problems,
    mean_interval,
    paired_difference,
    pass_at_k,
    seed_means,
)


def brute_force_pass(num_correct, num_samples, k):
    """Share of all subsets of k samples that hold a right one."""
    subsets = list(combinations([1] * num_correct + [0] * (num_samples - num_correct), k))
    return sum(any(subset) for subset in subsets) / len(subsets)


@pytest.mark.parametrize("num_samples", [1, 2, 5, 8])
def test_pass_at_k_equals_enumeration(num_samples):
    """The closed form is the share of k-subsets with a right sample, for every c and k."""
    for k in range(1, num_samples + 1):
        for num_correct in range(num_samples + 1):
            expected = brute_force_pass(num_correct, num_samples, k)
            assert pass_at_k([num_correct], [num_samples], k=k)[0] == pytest.approx(expected, abs=1e-12)


def test_pass_at_one_is_the_average():
    """pass@1 and avg@k are one number."""
    correct, samples = np.array([0, 1, 3, 4]), np.array([4, 4, 4, 4])
    assert pass_at_k(correct, samples, k=1) == pytest.approx(avg_at_k(correct, samples))


def test_pass_at_k_survives_many_samples():
    """512 samples would overflow a quotient of binomials in floats."""
    assert pass_at_k([1], [512], k=256)[0] == pytest.approx(0.5)


def test_pass_at_k_needs_k_samples():
    """Fewer samples than k have no unbiased estimate."""
    with pytest.raises(ValueError, match=r"pass@5 needs at least 5 samples per problem, found 4"):
        pass_at_k([1, 2], [8, 4], k=5)


def test_paired_interval_equals_hand_calculation():
    """Differences 1, 2, 3: mean 2, s = 1, t(0.975, 2) = 4.30265, half width 4.30265 / sqrt(3)."""
    found = paired_difference([11.0, 22.0, 33.0], [10.0, 20.0, 30.0])
    assert (found.mean, found.num) == (2.0, 3)
    assert (found.low, found.high) == pytest.approx((2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5), rel=1e-6)


def test_pairing_removes_what_seeds_share():
    """Seeds that differ by a lot but arms that differ by a constant give a narrow interval."""
    baseline = np.array([0.1, 0.5, 0.9])
    paired = paired_difference(baseline + np.array([0.02, 0.021, 0.019]), baseline)
    assert paired.low > 0
    assert mean_interval(baseline + 0.02).low < 0


@pytest.mark.parametrize("num_seeds", [1, 2])
def test_fewer_than_three_seeds_have_no_interval(num_seeds):
    """A point is given, an interval is not."""
    found = paired_difference([1.0, 2.0][:num_seeds], [0.0, 0.0][:num_seeds])
    assert not np.isnan(found.mean)
    assert np.isnan([found.low, found.high]).all()


def test_missing_pairs_are_left_out():
    """A seed without a value in one arm is not counted."""
    found = paired_difference([1.0, np.nan, 3.0, 5.0], [0.0, 0.0, np.nan, 0.0])
    assert (found.mean, found.num) == (3.0, 2)


def test_nothing_to_average_is_not_zero():
    """No value at all gives NaN and a count of 0."""
    found = mean_interval([])
    assert np.isnan(found.mean)
    assert found.num == 0


def test_unequal_lengths_cannot_be_paired():
    """A forgotten alignment by seed is an error, not a broadcast."""
    with pytest.raises(ValueError, match="align them by seed"):
        paired_difference([1.0, 2.0, 3.0], [1.0])


def test_frame_intervals_equal_single_ones():
    """The vectorised means and intervals are those of ``mean_interval``."""
    values = [0.2, 0.4, 0.9, 0.1]
    frame = pd.DataFrame({"arm": "a", "seed": range(4), "x": values})
    row, expected = seed_means(frame, ["arm"], values=["x"]).iloc[0], mean_interval(values)
    assert (row.x, row.x_low, row.x_high) == pytest.approx((expected.mean, expected.low, expected.high))
    assert row.num_seeds == 4


def test_a_repeated_seed_counts_once():
    """Two rows of one seed are one replicate, so they earn no interval."""
    frame = pd.DataFrame({"arm": "a", "seed": [0, 0, 1], "x": [0.0, 1.0, 1.5]})
    row = seed_means(frame, ["arm"], values=["x"]).iloc[0]
    assert (row.num_seeds, row.x) == (2, 1.0)
    assert np.isnan(row.x_low)


def test_bootstrap_covers_the_mean_of_benchmark_means():
    """The point is the unweighted mean over benchmarks, whatever their sizes."""
    scores = [np.array([0.0, 1.0] * 20), np.array([1.0, 1.0, 0.0, 1.0])]
    found = bootstrap_over_problems(scores)
    assert found.mean == pytest.approx((0.5 + 0.75) / 2)
    assert found.low < found.mean < found.high
    assert found == bootstrap_over_problems(scores)


def test_bootstrap_width_shrinks_with_problems():
    """100 times the problems give about a tenth of the width."""
    few, many = (bootstrap_over_problems([np.tile([0.0, 1.0], n)]) for n in (10, 1000))
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(10, rel=0.25)


def test_bootstrap_of_one_problem_has_no_interval():
    """Resampling a single problem can only return it."""
    found = bootstrap_over_problems([np.array([0.5])])
    assert found.mean == 0.5
    assert np.isnan(found.low)


@pytest.mark.parametrize("sizes", [(40,), (30, 7, 30), (2, 100)])
def test_bootstrap_is_that_of_scipy(sizes):
    """To the last bit: sharing one drawing between runs changes no number."""
    scores = [np.random.default_rng(size).random(size) for size in sizes]
    found = bootstrap_over_problems(scores, seed=5)
    expected = stats.bootstrap(
        tuple(scores),
        lambda *drawn, axis=-1: np.mean([score.mean(axis=axis) for score in drawn], axis=0),
        n_resamples=1000,
        method="percentile",
        batch=100,
        vectorized=True,
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert (found.low, found.high) == (expected.low, expected.high)
