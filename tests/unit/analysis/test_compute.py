"""Compute-matched curves: nothing is extrapolated, equal means equal."""

import numpy as np
import pandas as pd
import pytest
from made_up import Shape

from knapsack_rl.analysis.frames.study import load_analysis
from knapsack_rl.analysis.make import analyse
from knapsack_rl.analysis.measures.accuracy_curves import (
    accuracy_curves,
    interpolate,
    match_at_equal_compute,
    mean_curves,
)
from knapsack_rl.analysis.measures.spent import TOKENS


def curve_of(tokens, accuracy):
    """One run's curve."""
    return pd.DataFrame({TOKENS: tokens, "accuracy": accuracy})


def test_interpolation_is_linear():
    """Half way between two points."""
    assert interpolate(15.0, xs=[10, 20], ys=[0.2, 0.4]) == pytest.approx(0.3)


def test_interpolation_refuses_to_extrapolate():
    """Outside the known points there is no value; at their ends there is."""
    found = interpolate([9.0, 10.0, 20.0, 20.5], xs=[10, 20], ys=[0.2, 0.4])
    assert np.isnan(found).tolist() == [True, False, False, True]


def test_interpolation_refuses_unordered_points():
    """Unsorted abscissae would give numbers that mean nothing."""
    with pytest.raises(ValueError, match="strictly increasing"):
        interpolate(1.0, xs=[0, 2, 1], ys=[0, 1, 2])


def test_equal_compute_is_the_most_both_reached():
    """The dear run is read where the cheap one ended: at 100 of 200 tokens, half way up."""
    cheap, dear = curve_of([0, 100], [0.0, 0.5]), curve_of([0, 200], [0.0, 0.8])
    match = match_at_equal_compute(dear, cheap)
    assert (match.at, match.treated, match.baseline) == (100.0, pytest.approx(0.4), 0.5)


def test_equal_compute_is_symmetric():
    """Swapping the runs swaps the values."""
    one, two = curve_of([0, 100], [0.1, 0.5]), curve_of([0, 60, 180], [0.1, 0.3, 0.8])
    forth, back = match_at_equal_compute(one, two), match_at_equal_compute(two, one)
    assert (forth.treated, forth.baseline) == (back.baseline, back.treated)


def test_no_curve_no_match():
    """A run without evaluations cannot be matched."""
    assert np.isnan(match_at_equal_compute(curve_of([], []), curve_of([0], [0.1])).treated)


def test_curves_start_at_the_base_model(frames):
    """Step 0 has spent nothing and is the same in every run of a model."""
    start = accuracy_curves(frames).query("step == 0")
    assert (start["total_rollouts"] == 0).all()
    assert len(set(start["accuracy"])) == 1
    assert len(start) == frames.steps["run_id"].nunique()


def test_curves_count_what_was_generated(frames):
    """After 6 steps of 8 prompts at N = 4, 192 rollouts."""
    curves = accuracy_curves(frames)
    last = curves[(curves["budget"] == 4) & (curves["step"] == 6)]
    assert set(last["total_rollouts"]) == {192}
    assert set(last[TOKENS]) == {1920, 2304}


def test_mean_curves_have_an_interval_but_at_the_start(frames):
    """Three seeds give intervals; the shared base model does not."""
    means = mean_curves(accuracy_curves(frames))
    assert set(means["num_seeds"]) == {3}
    assert (means["accuracy_low"].isna() == (means["step"] == 0)).all()


def test_mean_curves_use_shared_checkpoints_only(make_study):
    """A seed that stopped early ends the mean; otherwise it would jump when the seed leaves."""
    paths, run_ids = make_study(Shape(overrides={"small-knapsack-n8-s0": {"steps": 4}}))
    analyse(paths.results, run_ids)
    frames = load_analysis(paths.analysis)
    means = mean_curves(accuracy_curves(frames))
    assert means.groupby("arm")["step"].max().to_dict() == {"uniform": 6, "knapsack": 3}
