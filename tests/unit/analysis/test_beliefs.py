"""Beliefs are judged by outcomes they have not seen; lag, noise and the cost of the first epoch come out right."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from knapsack_rl.analysis.measures.beliefs import lag_rows, probe_rows, quality_steps
from knapsack_rl.analysis.measures.first_epoch import first_epoch_rows
from knapsack_rl.analysis.products.beliefs import beliefs_table
from knapsack_rl.analysis.products.first_epoch import first_epoch_table

PROMPTS, VISITS, DRAWS = 400, 6, 16
KEYS = {"run_id": "r0", "model": "m", "arm": "a", "strategy": "s", "budget": DRAWS, "seed": 0}


def visits_of(belief, *, rise=0.08, seed=0):
    """A run of ``VISITS`` epochs of one step each; ``belief(rates so far, true rate)`` is asked before each visit."""
    rng = np.random.default_rng(seed)
    start = rng.uniform(0.1, 0.5, PROMPTS)
    seen, parts = [], []
    for visit in range(1, VISITS + 1):
        rates = start + rise * (visit - 1)
        beliefs = belief(seen, rates)
        won = rng.binomial(DRAWS, rates)
        seen.append(won / DRAWS)
        parts.append(
            pd.DataFrame(
                {
                    "step": visit,
                    "prompt_id": [f"p{index}" for index in range(PROMPTS)],
                    "visit": visit,
                    "p_belief": beliefs,
                    "num_rollouts": DRAWS,
                    "num_successes": won,
                }
            )
        )
    return pd.concat(parts, ignore_index=True).assign(**KEYS)


def last_visit(seen, rates):
    """The estimate that repeats the newest outcome."""
    return seen[-1] if seen else np.full(len(rates), np.nan)


def last_two(seen, rates):
    """Mean of the newest two visits, which lies one and a half visits back."""
    return np.mean(seen[-2:], axis=0) if seen else np.full(len(rates), np.nan)


@pytest.mark.parametrize(
    ("belief", "lag"), [(last_visit, 1.0), (last_two, 1.4), (lambda _, rates: rates, 0.0)], ids=["one", "two", "known"]
)
def test_lag_is_counted_in_visits(belief, lag):
    """A perfect belief has none, a repeated outcome 1; the mean of two 1.5, less its first visit with only one."""
    (found,) = lag_rows(visits_of(belief))["lag"]
    assert found == pytest.approx(lag, abs=0.08)


def test_without_drift_there_is_no_lag():
    """Nothing to lag behind: unknown, not 0."""
    assert lag_rows(visits_of(last_visit, rise=0.0, seed=4))["lag"].isna().all()


def frames_of(frames, groups):
    """Frames of a single run with these groups."""
    steps = groups.groupby("step").agg(repeat_frac=("visit", lambda visit: float((visit > 1).mean()))).reset_index()
    ratios = dict.fromkeys(("ratio_rollouts", "ratio_prompts", "all_correct_prompts", "all_wrong_prompts"), 0.5)
    return dataclasses.replace(frames, steps=steps.assign(**KEYS, **ratios), groups=groups)


def test_the_noise_of_outcomes_is_not_blamed_on_beliefs(frames):
    """Known rates have no error although outcomes scatter; repeated outcomes have theirs and the drift."""
    known = quality_steps(frames_of(frames, visits_of(lambda _, rates: rates)))
    assert known["squared_error"].mean() == pytest.approx(0, abs=0.001)
    assert known["bias"].abs().max() < 0.02
    repeated = quality_steps(frames_of(frames, visits_of(last_visit)))
    noise = 0.24 / DRAWS
    assert repeated["squared_error"].mean() == pytest.approx(0.08**2 + noise, abs=0.004)
    assert repeated["bias"].mean() == pytest.approx(-0.08, abs=0.01)
    assert np.isnan(repeated["squared_error"].iloc[0])
    assert repeated["known"].iloc[0] == 0


def test_last_beliefs_against_the_probe(frames):
    """A belief that is off by 0.1 everywhere has an error of 0.1, whatever the probe's noise."""
    groups = visits_of(lambda _, rates: rates - 0.1, rise=0.0)
    rates = groups.drop_duplicates("prompt_id", keep="last")["p_belief"].to_numpy() + 0.1
    won = np.random.default_rng(8).binomial(32, rates)
    probe = pd.DataFrame({"prompt_id": [f"p{i}" for i in range(PROMPTS)], "num_correct": won, "num_samples": 32})
    probes = pd.concat([probe.assign(step=step, kind="k", **KEYS) for step in (0, 6)], ignore_index=True)
    (error,) = probe_rows(dataclasses.replace(frames, groups=groups, probes=probes))["probe_rmse"]
    assert error == pytest.approx(0.1, abs=0.01)


def test_beliefs_table_of_a_study(frames):
    """Every arm and period has a row; the first quarter knows nothing; uniform captures nothing of the gain."""
    table = beliefs_table(frames)
    assert len(table) == 2 * 2 * 3
    early = table.query("period == 'first quarter'")
    assert (early["known"] == 0).all()
    assert early["rmse"].isna().all()
    late = table.query("period == 'last quarter' and arm == 'uniform'")
    assert late["captured"].to_numpy() == pytest.approx(0, abs=1e-9)
    assert (table["perfect_gain"] >= -1e-9).all()
    assert late["probe_rmse"].notna().all()


def test_first_epoch_of_a_study(frames):
    """16 prompts in batches of 8: the first two of six steps, a third of the budget; nobody is unknown later."""
    rows = first_epoch_rows(frames)
    assert set(rows["last_first_step"]) == {2}
    assert rows["steps_share"].to_numpy() == pytest.approx(1 / 3)
    assert rows["budget_share"].to_numpy() == pytest.approx(1 / 3)
    assert rows["unknown_budget_share"].to_numpy() == pytest.approx(1 / 3)
    assert (rows["unknown_after"] == 0).all()
    run = frames.groups[frames.groups["run_id"] == rows["run_id"].iloc[0]]
    signal = run[(run["num_successes"] > 0) & (run["num_successes"] < run["num_rollouts"])]
    expected = signal[signal["step"] <= 2]["num_rollouts"].sum() / signal["num_rollouts"].sum()
    assert rows["gradient_share"].iloc[0] == pytest.approx(expected)
    assert len(first_epoch_table(frames)) == 4
