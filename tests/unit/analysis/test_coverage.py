"""Intervals hold the truth as often as they say: many made-up cells of three seeds each, one true effect.

With three seeds a normal interval (1.96 standard errors) holds it in 81 of 100 cells, a percentile bootstrap in 74.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from knapsack_rl.analysis.claims.evidence import Evidence, Sample
from knapsack_rl.analysis.claims.judge import judge
from knapsack_rl.analysis.claims.verdict import SUPPORTED, UNDECIDED, Line
from knapsack_rl.analysis.frames.schemas import TIDY_EVALS, TIDY_GROUPS, TIDY_PROBES, TIDY_RUNS, TIDY_STEPS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.products.beliefs import beliefs_table
from knapsack_rl.analysis.products.compute_to_reach import reach_table
from knapsack_rl.analysis.products.differences import differences
from knapsack_rl.analysis.products.transitions import transitions_table

CELLS, SEEDS = 120, 3
SAMPLES = 10_000


def runs_of(cells=CELLS, arms=("uniform", "knapsack")):
    """One row per run; a cell is a model."""
    rows = [
        (f"m{cell}-{arm}-{seed}", f"m{cell}", arm, arm, 8, seed)
        for cell, arm, seed in product(range(cells), arms, range(SEEDS))
    ]
    return pd.DataFrame(rows, columns=["run_id", "model", "arm", "strategy", "budget", "seed"])


def filled(schema, rows):
    """``rows`` with ones in the columns of ``schema`` that they lack."""
    return rows.assign(**{name: 1.0 for name in schema.names if name not in rows})


def study_of(runs, accuracy, *, steps):
    """Frames of runs with this accuracy per run and checkpoint, the base model's first: run x (1 + step)."""
    every = runs.loc[runs.index.repeat(len(steps))].reset_index(drop=True)
    step = np.tile(steps, len(runs))
    trained = filled(TIDY_STEPS, every.assign(step=step, repeat_frac=1.0, total_rollouts=512 * step))
    points = runs.loc[runs.index.repeat(1 + len(steps))].reset_index(drop=True)
    evals = points.assign(
        step=np.tile([0, *steps], len(runs)),
        benchmark="b",
        problem_id="p",
        kind="k",
        num_samples=SAMPLES,
        num_correct=np.rint(accuracy.ravel() * SAMPLES).astype(int),
    )
    nothing = TIDY_GROUPS.empty_table().to_pandas()
    facts = runs.reindex(columns=TIDY_RUNS.names).assign(status="finished")
    return StudyFrames(steps=trained, groups=nothing, evals=filled(TIDY_EVALS, evals), runs=facts)


def share_that_hold(table, truth, *, low, high):
    """Share of intervals that hold ``truth``; every row must have one."""
    assert table[[low, high]].notna().all(axis=None)
    return ((table[low] <= truth) & (truth <= table[high])).mean()


def test_differences_between_arms():
    """Seeds share noise that is ten times that of the arms: pairing removes it, and the intervals are right."""
    rng, runs = np.random.default_rng(1), runs_of()
    shared = rng.normal(0, 0.1, (CELLS, 1, SEEDS))
    gain = np.array([0.0, 0.02]).reshape(1, 2, 1)
    final = (0.5 + shared + gain + rng.normal(0, 0.01, (CELLS, 2, SEEDS))).ravel()
    frames = study_of(runs, np.column_stack([np.full(final.size, 0.2), final]), steps=[10])
    table = differences(frames).query("metric == 'accuracy/average'")
    assert len(table) == CELLS
    assert 0.9 <= share_that_hold(table, 0.02, low="ci_low", high="ci_high") <= 0.99
    assert (table["ci_high"] - table["ci_low"]).median() < 0.1


def test_ratio_of_the_compute_to_reach_an_accuracy():
    """Curves that saturate, at rates of which the arm's is 1.5 times uniform's; the target differs by cell."""
    rng, runs = np.random.default_rng(2), runs_of()
    shared = rng.normal(0, 0.3, (CELLS, 1, SEEDS))
    rate = 0.02 * np.exp(shared + np.log([1.0, 1.5]).reshape(1, 2, 1) + rng.normal(0, 0.15, (CELLS, 2, SEEDS)))
    steps = np.arange(10, 101, 10)
    curve = 0.2 + 0.3 * (1 - np.exp(-rate.reshape(-1, 1) * np.array([0, *steps])))
    table = reach_table(study_of(runs, curve, steps=steps)).query("axis == 'total_rollouts' and level == 1.0")
    assert len(table) == CELLS
    assert 0.9 <= share_that_hold(table, 1.5, low="ratio_low", high="ratio_high") <= 0.99
    assert table[["arm_mean", "baseline_mean"]].max(axis=None) <= 512 * 100  # no more than was spent


def test_difference_of_transition_matrices():
    """Half of the extremely hard problems become medium under the arm, three in ten under uniform."""
    rng, runs = np.random.default_rng(3), runs_of()
    freed = rng.binomial(60, np.where(runs["arm"] == "knapsack", 0.5, 0.3))
    every = runs.loc[runs.index.repeat(2 * 60)].reset_index(drop=True)
    place = np.tile(np.arange(60), 2 * len(runs))
    after = np.tile(np.repeat([0, 1], 60), len(runs))
    won = 8 * after * (place < np.repeat(freed, 120))
    probes = every.assign(step=9 * after, prompt_id=place.astype(str), kind="k", num_samples=16, num_correct=won)
    frames = study_of(runs, np.full((len(runs), 2), 0.5), steps=[9])
    frames = StudyFrames(
        steps=frames.steps, groups=frames.groups, evals=frames.evals, probes=filled(TIDY_PROBES, probes)
    )
    table = transitions_table(frames).query("before == 'extremely hard' and after == 'medium' and arm == 'knapsack'")
    assert len(table) == CELLS
    assert table["difference"].mean() == pytest.approx(0.2, abs=0.01)
    assert 0.9 <= share_that_hold(table, 0.2, low="difference_low", high="difference_high") <= 0.99


def test_bias_and_lag_of_beliefs():
    """Beliefs that repeat the outcome of the visit before, of prompts that improve by 0.08 per visit, lag by one."""
    cells, prompts, visits = 40, 60, 4
    rng, runs = np.random.default_rng(4), runs_of(cells, arms=("knapsack",))
    start = rng.uniform(0.1, 0.5, (len(runs), 1, prompts))
    won = rng.binomial(16, start + 0.08 * np.arange(visits).reshape(1, visits, 1))
    belief = np.concatenate([np.full((len(runs), 1, prompts), np.nan), won[:, :-1] / 16], axis=1)
    place = np.indices(won.shape).reshape(3, -1)
    groups = runs.iloc[place[0]].reset_index(drop=True)
    groups = groups.assign(step=place[1] + 1, visit=place[1] + 1, prompt_id=place[2].astype(str))
    groups = groups.assign(p_belief=belief.ravel(), num_rollouts=16, num_successes=won.ravel())
    frames = study_of(runs, np.full((len(runs), 1 + visits), 0.5), steps=list(range(1, visits + 1)))
    steps = frames.steps.assign(repeat_frac=(frames.steps["step"] > 1).astype(float))
    frames = StudyFrames(steps=steps, groups=filled(TIDY_GROUPS, groups), evals=frames.evals)
    table = beliefs_table(frames).query("period == 'from second visit'")
    assert 0.88 <= share_that_hold(table, -0.08, low="bias_low", high="bias_high") <= 1
    assert 0.88 <= share_that_hold(table, 1.0, low="lag_low", high="lag_high") <= 1
    assert table["lag"].mean() == pytest.approx(1, abs=0.03)


def sample_of(values):
    """A run per value."""
    return Sample(values_S=values, num_runs=SEEDS)


def judged(line, truths, *, studies, quantifier="every"):
    """Verdicts on studies of three seeds whose members have these true values and a spread of 0.05."""
    rng = np.random.default_rng(5)
    draws = rng.normal(0, 0.05, (studies, len(truths), SEEDS)) + np.reshape(truths, (1, -1, 1))
    return [
        judge(Evidence(samples=tuple(sample_of(v) for v in members), quantifier=quantifier), line).verdict
        for members in draws
    ]


@pytest.mark.parametrize(
    "line", [Line(side="above", threshold=0.2), Line(side="within", threshold=0.2, upper=0.9)], ids=["above", "band"]
)
def test_a_truth_on_the_line_is_decided_in_one_study_of_twenty(line):
    """Half of them either way; an end of a band is a line."""
    found = judged(line, [0.2], studies=400)
    decided = sum(verdict != UNDECIDED for verdict in found)
    assert 0.025 * 400 < decided < 0.08 * 400
    assert 0.2 < sum(verdict == SUPPORTED for verdict in found) / decided < 0.8


def test_the_best_of_five_on_the_line_is_rarely_called_better():
    """One in forty studies, and not the twelve in a hundred of five tries."""
    found = judged(Line(side="above", threshold=0.2), [0.2] * 5, studies=200, quantifier="some")
    assert sum(verdict == SUPPORTED for verdict in found) < 0.06 * 200
