"""Movement between visits comes out as it was put in, whatever the groups' sizes; uniform's best N is chosen unseen."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.measures.drift import drift_rows
from knapsack_rl.analysis.measures.other_budgets import TOTAL_MARK
from knapsack_rl.analysis.products.drift import drift_table
from knapsack_rl.analysis.products.tuned_uniform import tuned_uniform_table

PROMPTS, VISITS = 3000, 4
KEYS = {"run_id": "r0", "model": "m", "arm": "a", "strategy": "s", "budget": 8, "seed": 0}


def _visits(moves, *, sizes, seed=0):
    """A run in which every prompt's rate moves by one of ``moves`` a visit, from 0.5."""
    rng = np.random.default_rng(seed)
    rates = np.full(PROMPTS, 0.5)
    parts = []
    for visit in range(VISITS):
        drawn = rng.choice(sizes, PROMPTS)
        parts.append(
            pd.DataFrame(
                {
                    "step": 8 * visit + 1,
                    "prompt_id": [f"p{index}" for index in range(PROMPTS)],
                    "num_rollouts": drawn,
                    "num_successes": rng.binomial(drawn, rates),
                }
            )
        )
        rates = np.clip(rates + rng.choice(moves, PROMPTS), 0, 1)
    return pd.concat(parts, ignore_index=True).assign(**KEYS)


@pytest.mark.parametrize("sizes", [[8], [2, 3, 30]], ids=["equal", "uneven"])
@pytest.mark.parametrize(("moves", "drift", "rise"), [([0.0], 0.0, 0.0), ([0.1], 0.1, 0.1), ([-0.1, 0.1], 0.1, 0.0)])
def test_drift_is_the_movement_of_the_true_rate(moves, drift, rise, sizes):
    """The outcomes' own noise, of up to 0.35 a visit, is taken off; a fall counts as a rise does."""
    (row,) = drift_rows(_visits(moves, sizes=sizes)).to_dict("records")
    assert row["drift"] == pytest.approx(drift, abs=0.08 if drift == 0 else 0.02)
    assert row["rise"] == pytest.approx(rise, abs=0.01)
    assert (row["gap_steps"], row["num_visits"]) == (8, VISITS)


def test_a_prompt_met_once_says_nothing():
    """No pair of visits; groups of one rollout have no noise to be told from movement."""
    groups = _visits([0.1], sizes=[8])
    assert np.isnan(drift_rows(groups[groups["step"] == 1])["drift"]).all()
    assert np.isnan(drift_rows(groups.assign(num_rollouts=1, num_successes=1))["drift"]).all()


def test_effects_stand_beside_the_baselines_drift(frames):
    """One row per arm and cell; the baseline is not compared with itself."""
    table = drift_table(frames)
    assert len(table[["model", "budget", "baseline_drift"]].drop_duplicates()) == 2
    uniform, others = (table[(table["arm"] == "uniform") == mine] for mine in (True, False))
    assert uniform["accuracy"].isna().all()
    assert others[["accuracy", "ratio_prompts"]].notna().all().all()


def _study(values):
    """Arms at N, all of 512 rollouts; ``values``: right answers of a hundred by (arm, N) and seed."""
    evals, steps = [], []
    for (arm, budget), of_seeds in values.items():
        for seed, right in enumerate(of_seeds):
            model = "m" if budget == 8 else f"m{TOTAL_MARK}"
            keys = {"run_id": f"{arm}{budget}{seed}", "model": model, "arm": arm, "strategy": arm}
            keys |= {"budget": budget, "seed": seed}
            steps.append(keys | {"step": 1, "num_rollouts": 512})
            problem = {"step": 1, "benchmark": "b", "problem_id": "p", "kind": "k", "num_samples": 100}
            evals.append(keys | problem | {"num_correct": right})
    return StudyFrames(steps=pd.DataFrame(steps), groups=pd.DataFrame(), evals=pd.DataFrame(evals))


def test_the_best_n_is_chosen_on_other_seeds():
    """Seed 2 alone likes N = 2; by the other two, N = 16 is best, and that is what it is compared with."""
    sweep = {("uniform", 2): [10, 10, 90], ("uniform", 8): [30, 30, 30], ("uniform", 16): [50, 52, 40]}
    (row,) = tuned_uniform_table(_study(sweep | {("knapsack", 8): [51, 53, 41]})).to_dict("records")
    assert row["arm"] == "knapsack"
    # Without seed 0: N = 2 has 50, N = 16 has 46. Without seed 1: 50 and 45. Without seed 2: 10 and 51.
    assert row["chosen"] == "2 (2), 16 (1)"
    assert row["difference"] == pytest.approx(np.mean([0.51 - 0.10, 0.53 - 0.10, 0.41 - 0.40]))


def test_without_a_sweep_there_is_nothing_to_tune(frames):
    """A study with uniform at one N per total has an empty table."""
    assert tuned_uniform_table(frames).empty


def test_runs_of_other_totals_are_no_candidates():
    """Uniform at N = 16 with the same prompts spends twice as much."""
    frames = _study({("uniform", 8): [1, 2, 3], ("uniform", 16): [4, 5, 6], ("knapsack", 8): [1, 2, 3]})
    frames.steps.loc[frames.steps["budget"] == 16, "num_rollouts"] = 1024
    assert tuned_uniform_table(frames).empty


def test_runs_that_end_at_one_budget_are_candidates_whatever_they_overshot():
    """Of 500 rollouts: runs with 512 and with 504 both ended there; a budget of tokens says nothing of rollouts."""
    frames = _study({("uniform", 8): [1, 2, 3], ("uniform", 16): [4, 5, 6], ("knapsack", 8): [1, 2, 3]})
    frames.steps.loc[frames.steps["budget"] == 16, "num_rollouts"] = 504

    def ending(**stop):
        config = json.dumps({"train": {"stop": {"num_rollouts": None, "num_response_tokens": None} | stop}})
        return tuned_uniform_table(replace(frames, runs=frames.steps[["run_id"]].assign(config=config)))

    assert ending(num_rollouts=500)["chosen"].tolist() == ["16 (3)"]
    assert ending(num_response_tokens=500).empty
