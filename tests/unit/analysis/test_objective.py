"""The value of counts is judged at the rates that turned up, and a rule that chases noise does not look good."""

import numpy as np
import pandas as pd
import pytest

from knapsack_rl.allocation.solver import solve
from knapsack_rl.allocation.value import knapsack_increment, knapsack_value
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.measures.objective import perfect_gains, step_objectives

PROMPTS, STEPS = 64, 40


def drawn(rates, beliefs, *, counts, seed=0):
    """Groups of one run, ``STEPS`` x ``PROMPTS`` rows, with outcomes drawn at the true rates."""
    successes = np.random.default_rng(seed).binomial(counts, rates)
    table = pd.DataFrame({"step": np.repeat(np.arange(1, STEPS + 1), PROMPTS), "p_belief": beliefs})
    keys = {"run_id": "r", "model": "m", "arm": "a", "strategy": "s", "budget": 8, "seed": 0}
    return table.assign(num_rollouts=counts, num_successes=successes, visit=2, prompt_id="p", **keys)


def rule(beliefs):
    """Knapsack counts of every step for these beliefs, 8 rollouts per prompt on average."""
    return np.concatenate(
        [
            solve(lambda i, n, p=p: knapsack_increment(n, p[i]), low_P=2, high_P=128, total=8 * PROMPTS,
                  kind_P=np.arange(PROMPTS))
            for p in beliefs.reshape(STEPS, PROMPTS)
        ]
    )  # fmt: skip


def gains(groups):
    """Gain over equal counts, at calibrated rates and at the beliefs."""
    found = step_objectives(groups).mean(numeric_only=True)
    return found["objective"] / found["objective_equal"] - 1, found["objective_belief"] / found[
        "objective_belief_equal"
    ] - 1


def test_known_rates_give_the_value_itself():
    """With exact beliefs the calibrated objective is the objective at the true rates."""
    rates = np.random.default_rng(1).choice([0.05, 0.35, 0.65, 0.95], STEPS * PROMPTS)
    counts = rule(rates)
    groups = drawn(rates, rates, counts=counts)
    found = step_objectives(groups)
    assert found["objective"].mean() == pytest.approx(knapsack_value(counts, rates).mean(), rel=0.03)
    assert found["objective_belief"].mean() == pytest.approx(knapsack_value(counts, rates).mean())
    calibrated, believed = gains(groups)
    assert calibrated == pytest.approx(believed, abs=0.03)
    assert calibrated > 0.02


def test_chasing_noise_is_seen_through():
    """Beliefs that have nothing to do with the rates promise a gain and bring a loss."""
    rng = np.random.default_rng(2)
    rates, beliefs = rng.beta(0.5, 0.7, (2, STEPS * PROMPTS))
    calibrated, believed = gains(drawn(rates, beliefs, counts=rule(beliefs)))
    assert believed > 0.03
    assert calibrated < -0.03


def test_a_step_without_beliefs_has_no_believed_objective():
    """Unknown is not zero."""
    groups = drawn(np.full(STEPS * PROMPTS, 0.5), np.nan, counts=8)
    found = step_objectives(groups)
    assert found["objective_belief"].isna().all()
    assert found["objective"].to_numpy() == pytest.approx(knapsack_value(8, 0.5), rel=0.05)


def test_perfect_counts_gain_what_the_rule_gains_on_known_rates():
    """The bound from the distribution of outcomes agrees with the exact optimum on the rates themselves."""
    rates = np.random.default_rng(3).beta(0.5, 0.7, STEPS * PROMPTS)
    groups = drawn(rates, rates, counts=np.full(STEPS * PROMPTS, 8))
    truth = knapsack_value(rule(rates), rates).mean() / knapsack_value(8, rates).mean() - 1
    steps = groups[["run_id", "model", "arm", "strategy", "budget", "seed", "step"]].drop_duplicates()
    found = perfect_gains(StudyFrames(steps=steps, groups=groups, evals=pd.DataFrame()))
    assert found["perfect_gain"].mean() == pytest.approx(truth, abs=0.015)


def test_prompts_of_one_rate_have_nothing_to_gain():
    """Equal counts are the best counts then."""
    rates = np.full(STEPS * PROMPTS, 0.4)
    groups = drawn(rates, rates, counts=np.full(STEPS * PROMPTS, 8))
    steps = groups[["run_id", "model", "arm", "strategy", "budget", "seed", "step"]].drop_duplicates()
    found = perfect_gains(StudyFrames(steps=steps, groups=groups, evals=pd.DataFrame()))
    assert found["perfect_gain"].mean() == pytest.approx(0.0, abs=0.005)
