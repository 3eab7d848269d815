"""Ratios, spread and second visits on groups made by hand."""

import numpy as np
import pandas as pd
import pytest

from knapsack_rl.analysis.frames.step_facts import allocation_spread, step_ratios
from knapsack_rl.analysis.inference.periods import from_first_belief, from_second_visit
from knapsack_rl.analysis.measures.ratios import run_summary
from knapsack_rl.grpo import effective_ratios


def groups_of(*rows):
    """Groups from (step, visit, successes, rollouts)."""
    return pd.DataFrame(rows, columns=["step", "visit", "num_successes", "num_rollouts"])


def test_ratios_of_unequal_groups():
    """One mixed group of 8, one all wrong of 2, one all correct of 4, one all wrong of 2: worked out by hand."""
    ratios = step_ratios(groups_of((1, 1, 3, 8), (1, 1, 0, 2), (1, 1, 4, 4), (1, 1, 0, 2))).loc[1]
    assert ratios["ratio_rollouts"] == 8 / 16
    assert ratios["ratio_prompts"] == 1 / 4
    assert (ratios["all_correct_prompts"], ratios["all_wrong_prompts"]) == (1 / 4, 2 / 4)
    assert (ratios["all_correct_rollouts"], ratios["all_wrong_rollouts"]) == (4 / 16, 4 / 16)


def test_moving_rollouts_raises_only_the_ratio_by_rollouts():
    """The same outcomes with rollouts moved to the mixed prompt."""
    uniform, moved = (
        step_ratios(groups_of((1, 1, 0, n_wrong), (1, 1, 3, n_mixed))).loc[1] for n_wrong, n_mixed in ((8, 8), (2, 14))
    )
    assert moved["ratio_rollouts"] > uniform["ratio_rollouts"]
    assert moved["ratio_prompts"] == uniform["ratio_prompts"]


def test_ratios_agree_with_the_trainers_definition():
    """Step by step the frame's ratios are those of ``grpo.effective_ratios``."""
    rng = np.random.default_rng(0)
    rollouts = rng.integers(1, 20, size=200)
    groups = pd.DataFrame(
        {
            "step": rng.integers(1, 9, 200),
            "visit": 1,
            "num_successes": rng.integers(0, rollouts + 1),
            "num_rollouts": rollouts,
        }
    )
    ratios = step_ratios(groups)
    for step, rows in groups.groupby("step"):
        expected = effective_ratios(rows["num_successes"], rows["num_rollouts"])
        assert tuple(ratios.loc[step, ["ratio_rollouts", "ratio_prompts"]]) == pytest.approx(expected)


def test_spread_of_an_equal_allocation():
    """Equal counts have no spread."""
    spread = allocation_spread(groups_of((1, 1, 0, 8), (1, 1, 0, 8))).loc[1]
    assert list(spread) == [8, 8, 8, 0, 0]


def test_gini_of_a_concentrated_allocation():
    """Counts 0, 0, 0, 12: the Gini index is (P - 1) / P."""
    spread = allocation_spread(groups_of(*((1, 1, 0, n) for n in (0, 12, 0, 0)))).loc[1]
    assert spread["gini_rollouts"] == pytest.approx(3 / 4)
    assert (spread["min_rollouts"], spread["max_rollouts"], spread["mean_rollouts"]) == (0, 12, 3)


def steps_of(repeat_fracs, run_id="a"):
    """Steps of one run with a ratio that equals the step number."""
    num = len(repeat_fracs)
    columns = ("ratio_rollouts", "ratio_prompts", "all_correct_prompts", "all_wrong_prompts", "all_correct_rollouts")
    shared = dict.fromkeys(
        (*columns, "all_wrong_rollouts", "mean_rollouts", "std_rollouts", "gini_rollouts"), range(1, num + 1)
    )
    return pd.DataFrame(
        {"run_id": run_id, "step": range(1, num + 1), "repeat_frac": repeat_fracs, "max_rollouts": 8.0, **shared}
    )


def test_second_visits_start_when_most_prompts_repeat():
    """A single prompt dropped from the first epoch does not hide the second."""
    assert list(from_second_visit(steps_of([0, 0.5, 0.98, 1.0]))["step"]) == [3, 4]


def test_steps_count_from_the_first_known_belief_of_the_arm_for_both():
    """The release's estimator wants eight rewards: at N = 4 a prompt's rate is known in the third epoch."""
    repeats, known = [0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 0.9, 1]
    arm, uniform = (steps_of(repeats, name).assign(arm=name, model="m", budget=4) for name in ("knapsack", "uniform"))
    steps = pd.concat([arm.assign(known_frac=known), uniform.assign(known_frac=[0, 0, 1, 1, 1, 1])])
    counted = from_first_belief(steps, arm="knapsack")
    assert {name: list(rows["step"]) for name, rows in counted.groupby("run_id")} == {
        "knapsack": [5, 6],
        "uniform": [5, 6],
    }
    prior = steps.assign(known_frac=1.0)  # of prompts never met only a prior speaks
    assert from_first_belief(prior, arm="knapsack")["step"].min() == 3
    assert from_first_belief(steps.assign(known_frac=0.0), arm="knapsack").empty


def test_summary_is_the_mean_from_the_second_visit_on():
    """Steps 3 and 4 of ratio 3 and 4 give 3.5."""
    summary = run_summary(steps_of([0, 0, 1, 1])).loc["a"]
    assert (summary["ratio_rollouts"], summary["first_step"], summary["num_steps"]) == (3.5, 3, 2)


def test_a_run_without_second_visit_has_no_summary():
    """It keeps its row, and the row says NaN rather than 0."""
    summary = run_summary(pd.concat([steps_of([0, 0], "short"), steps_of([0, 1], "long")]))
    assert list(summary.index) == ["short", "long"]
    assert np.isnan(summary.loc["short", "ratio_rollouts"])
    assert summary.loc["short", "num_steps"] == 0
