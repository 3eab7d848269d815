"""Intervals over replicates hold the truth as often as they say, and the parts of a variance come out as put in."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.replicates import (
    MIN_BOOTSTRAP,
    improved_share,
    improvement_interval,
    interquartile_mean,
    probability_of_improvement,
    studentised_interval,
)
from knapsack_rl.analysis.inference.stats import mean_interval
from knapsack_rl.analysis.products.replicates import replicates_table
from knapsack_rl.analysis.products.variance import variance_table

CELLS = 2000


def _study(*, seeds, problems, samples, spread, shared=False):
    """Replicates with effects of their own on every problem of the arm; ``spread``: of replicates and problems."""
    rng = np.random.default_rng(5)
    between, within = spread
    base = rng.uniform(0.3, 0.5, (seeds, problems))
    moved = 0.1 + rng.normal(0, between, (seeds, 1)) + rng.normal(0, within, (seeds, problems))
    rows = []
    for arm, rates in (("uniform", base), ("knapsack", base + moved)):
        won = rng.binomial(samples, np.clip(rates, 0, 1))
        for seed, problem in np.ndindex(won.shape):
            rows.append((f"{arm}{seed}", "m", arm, arm, 8, seed, f"p{problem}", won[seed, problem]))
    keys = ["run_id", "model", "arm", "strategy", "budget", "seed", "problem_id", "num_correct"]
    evals = pd.DataFrame(rows, columns=keys).assign(step=1, benchmark="b", kind="k", num_samples=samples)
    runs = evals[keys[:6]].drop_duplicates()
    sets = [json.dumps({"problem_set": None if shared else f"s{seed}"}) for seed in runs["seed"]]
    return StudyFrames(steps=runs, groups=pd.DataFrame(), evals=evals, runs=runs.assign(config=sets))


@pytest.mark.parametrize("num", [3, 6, 12])
def test_paired_t_covers(num):
    """Within 2 points of 95%; one that is 20% too narrow does not."""
    drawn = np.random.default_rng(num).normal(size=(CELLS, num))
    found = [mean_interval(values) for values in drawn]
    assert np.mean([one.low <= 0 <= one.high for one in found]) == pytest.approx(0.95, abs=0.015)
    narrow = [abs(one.mean) <= 0.8 * (one.high - one.low) / 2 for one in found]
    assert np.mean(narrow) < 0.935


@pytest.mark.parametrize("num", [6, 12])
def test_studentised_bootstrap_covers(num):
    """The bound of 2 points plus the simulation's own noise; 20% narrower intervals fall out of it."""
    drawn = np.random.default_rng(num).normal(size=(800, num))
    bounds = np.array([studentised_interval(values) for values in drawn])
    held = (bounds[:, 0] <= 0) & (bounds[:, 1] >= 0)
    assert held.mean() == pytest.approx(0.95, abs=0.025)
    centre = drawn.mean(axis=1)
    narrow = (centre + 0.8 * (bounds[:, 0] - centre) <= 0) & (centre + 0.8 * (bounds[:, 1] - centre) >= 0)
    assert narrow.mean() < 0.925


def test_too_few_or_equal_values_have_no_bootstrap():
    """Five replicates, and six that say the same."""
    assert np.isnan(studentised_interval(np.arange(MIN_BOOTSTRAP - 1.0))).all()
    assert np.isnan(studentised_interval(np.ones(MIN_BOOTSTRAP))).all()


@pytest.mark.parametrize("truth", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("num", [3, 6, 12])
def test_share_of_improved_replicates_is_covered(num, truth):
    """Exact: summed over all outcomes, an interval holds the truth in 95 of 100 studies or more."""
    held = 0.0
    for won in range(num + 1):
        _, low, high = improved_share(np.where(np.arange(num) < won, 1.0, -1.0))
        held += stats.binom.pmf(won, num, truth) * (low <= truth <= high)
    assert held >= 0.95


def test_definitions():
    """By hand: a quarter off at either end; all pairs, ties one half; ties within a replicate are left out."""
    assert interquartile_mean([0, 1, 2, 3, 4, 5, 6, 100]) == 3.5
    assert probability_of_improvement([1, 3], [1, 2]) == (0.5 + 0 + 1 + 1) / 4
    assert improved_share([0.1, 0.0, -0.1, 0.2])[0] == pytest.approx(2 / 3)
    assert np.isnan([interquartile_mean([]), probability_of_improvement([], []), *improved_share([0.0])]).all()


def test_table_of_a_study_and_of_one_without_a_baseline(frames):
    """The difference is that of the means; an empty table where nothing can be compared."""
    table = replicates_table(frames)
    assert len(table)
    assert (table["arm_mean"] - table["baseline_mean"]).to_numpy() == pytest.approx(table["difference"].to_numpy())
    arm = frames.steps.loc[frames.steps["strategy"] != "uniform", "arm"].iloc[0]
    assert replicates_table(frames.only([arm])).empty
    assert variance_table(frames.only([arm])).empty


def test_parts_of_the_variance():
    """Replicates 0.05, problems 0.1 over 40, samples of a share near 0.45 over 8 and 40 problems."""
    (row,) = variance_table(_study(seeds=400, problems=40, samples=8, spread=(0.05, 0.1))).to_dict("records")
    assert row["var_replicates"] == pytest.approx(0.05**2, rel=0.3)
    assert row["var_problems"] == pytest.approx(0.1**2 / 40, rel=0.3)
    assert row["var_samples"] == pytest.approx(2 * 0.24 / 8 / 40, rel=0.1)
    parts = row["var_replicates"] + row["var_problems"] + row["var_samples"]
    assert parts == pytest.approx(row["var_total"])
    assert row["se_endless_problems"] < row["se_endless_samples"] < row["se"]


def test_shared_problems_and_single_samples_are_not_split():
    """Replicates on the same problems do not differ by these; one sample has no spread."""
    study = _study(seeds=4, problems=9, samples=8, spread=(0.05, 0.1), shared=True)
    (shared,) = variance_table(study).to_dict("records")
    assert np.isnan([shared["var_replicates"], shared["var_problems"], shared["se_endless_problems"]]).all()
    assert shared["se"] > 0
    (single,) = variance_table(_study(seeds=4, problems=9, samples=1, spread=(0.05, 0.1))).to_dict("records")
    assert np.isnan([single["var_samples"], single["var_problems"]]).all()
    assert single["var_replicates"] + single["se_within_pair"] ** 2 == pytest.approx(single["var_total"])


def test_interval_of_the_probability_of_improvement_holds_as_often_as_it_says():
    """600 cells of 12 pairs that share half of their variance; three standard errors of the simulation."""
    rng, truth, held = np.random.default_rng(1), 0.6896, []
    for _ in range(600):
        shared, own = rng.normal(size=12), rng.normal(size=(2, 12))
        low, high = improvement_interval(*(np.sqrt(0.5) * (shared + own) + [[0.7], [0.0]]))
        if not np.isnan(low):
            held.append(low <= truth <= high)
    assert len(held) > 580
    assert abs(np.mean(held) - 0.955) < 3 * (0.05 * 0.95 / len(held)) ** 0.5 + 0.005


def test_few_or_one_sided_replicates_have_no_interval_of_improvement():
    assert np.isnan(improvement_interval([1, 2, 3], [0, 1, 2])).all()
    assert np.isnan(improvement_interval(np.arange(8) + 10.0, np.arange(8.0))).all()
