"""Differences from uniform allocation: paired, at shared checkpoints, and never overstated."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from made_up import Shape

from knapsack_rl.analysis.frames.study import load_analysis
from knapsack_rl.analysis.inference.pairs import baseline_arm, verdict
from knapsack_rl.analysis.inference.stats import Interval
from knapsack_rl.analysis.make import analyse
from knapsack_rl.analysis.products.differences import COLUMNS, differences


def frames_of(make_study, shape):
    """Tidy frames of a made-up study."""
    paths, run_ids = make_study(shape)
    analyse(paths.results, run_ids)
    return load_analysis(paths.analysis)


@pytest.mark.parametrize(
    ("low", "high", "num", "expected"),
    [
        (0.01, 0.03, 3, "interval excludes zero"),
        (-0.03, -0.01, 3, "interval excludes zero"),
        (-0.01, 0.03, 3, "difference not significant"),
        (np.nan, np.nan, 2, "fewer than 3 seeds"),
        (np.nan, np.nan, 0, "not measured"),
        (0.02, 0.02, 3, "no spread between seeds"),
    ],
)
def test_verdict(low, high, num, expected):
    """A difference inside its interval is called that, and one without spread is no evidence."""
    assert verdict(Interval(mean=0.02, low=low, high=high, num=num)) == expected


def test_known_ratio_difference(frames):
    """The table's ratio difference is the mean over seeds of differences of run means."""
    table = differences(frames).set_index(["budget", "metric"])
    late = frames.steps[(frames.steps["budget"] == 8) & (frames.steps["step"] >= 3)]
    means = late.groupby(["arm", "seed"])["ratio_rollouts"].mean()
    expected = (means["knapsack"] - means["uniform"]).mean()
    row = table.loc[(8, "ratio_rollouts")]
    assert row["difference"] == pytest.approx(expected)
    assert row["arm_mean"] - row["baseline_mean"] == pytest.approx(expected)


def test_a_constant_gain_is_found(frames):
    """One more right sample on every problem of one arm shows as a gain of 1 / samples at zero width."""
    evals = frames.evals.query("arm == 'uniform'")
    evals = evals.assign(num_correct=evals["num_correct"].clip(upper=evals["num_samples"] - 1))
    better = evals.assign(
        num_correct=evals["num_correct"] + 1,
        arm="knapsack",
        strategy="knapsack",
        run_id=evals["run_id"].str.replace("uniform", "knapsack"),
    )
    changed = dataclasses.replace(frames, evals=pd.concat([evals, better]))
    rows = differences(changed).set_index("metric").loc["accuracy/average"]
    assert rows["difference"].tolist() == pytest.approx([0.25, 0.25])


def test_pairs_are_matched_by_seed_not_by_row(frames):
    """Shuffled rows change nothing."""
    rng = np.random.default_rng(1)
    shuffled = frames.evals.iloc[rng.permutation(len(frames.evals))]
    one, two = differences(frames), differences(dataclasses.replace(frames, evals=shuffled))
    columns = ["budget", "metric"]
    one, two = (table.sort_values(columns)["difference"].to_numpy() for table in (one, two))
    assert one == pytest.approx(two)


def test_single_arm_gives_an_empty_table(make_study):
    """A header and no rows, so that everything downstream still works."""
    table = differences(frames_of(make_study, Shape(arms=("knapsack",), seeds=(0,), steps=3)))
    assert list(table.columns) == list(COLUMNS)
    assert table.empty


def test_one_seed_gives_points_only(make_study):
    """No interval, and the verdict says why."""
    table = differences(frames_of(make_study, Shape(seeds=(0,), steps=3)))
    assert set(table["verdict"]) == {"fewer than 3 seeds"}
    assert table["difference"].notna().all()
    assert table["ci_low"].isna().all()


def test_no_second_visit_is_not_measured(make_study):
    """Ratios before the second visit are uniform by construction and are not compared."""
    table = differences(frames_of(make_study, Shape(steps=2))).set_index("metric")
    assert table.loc["ratio_rollouts", "verdict"] == "not measured"
    assert table.loc["ratio_rollouts", "num_seeds"] == 0
    assert np.isnan(table.loc["ratio_rollouts", "difference"])


def test_unequal_checkpoints_are_compared_at_the_last_shared_one(make_study):
    """An overridden run that stops at step 4 (checkpoints 0, 3, 4) holds the cell at step 3."""
    shape = Shape(overrides={"small-knapsack-n8-s0": {"steps": 4}})
    table = differences(frames_of(make_study, shape)).set_index("metric")
    assert table.loc["accuracy/average", "step"] == 3
    assert table.loc["accuracy/average", "num_seeds"] == 3


def test_equal_tokens_read_the_dear_arm_earlier(frames):
    """The knapsack arm writes 12 tokens per rollout to uniform's 10, so it is read before its end."""
    table = differences(frames).set_index(["budget", "metric"])
    curve = frames.steps[(frames.steps["budget"] == 8) & (frames.steps["step"] == 6)]
    assert curve.groupby("arm")["total_response_tokens"].max().to_dict() == {"uniform": 3840, "knapsack": 4608}
    row = table.loc[(8, "accuracy_equal_tokens")]
    assert row["baseline_mean"] == pytest.approx(table.loc[(8, "accuracy/average"), "baseline_mean"])
    assert row["arm_mean"] != table.loc[(8, "accuracy/average"), "arm_mean"]


def test_arms_are_compared_with_the_uniform_strategy(frames):
    """The baseline is found by strategy, whatever the arm is called."""
    renamed = frames.steps.assign(arm=frames.steps["arm"].replace("uniform", "plain"))
    assert baseline_arm(renamed) == "plain"
    assert baseline_arm(renamed[renamed["strategy"] != "uniform"]) is None


def test_every_cell_and_metric_has_a_row(frames):
    """2 budgets x (2 ratios, 3 accuracies, pass@k, equal tokens)."""
    assert len(differences(frames)) == 2 * 7
