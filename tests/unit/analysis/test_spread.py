"""Ratio split, budgets by belief and concentration: the parts add up and agree with numpy."""

import numpy as np
import pandas as pd
import pytest

from knapsack_rl.analysis.measures.concentration import largest_per_step, step_spread
from knapsack_rl.analysis.measures.gradient_split import split_steps
from knapsack_rl.analysis.products.budgets import budgets_table
from knapsack_rl.analysis.products.concentration import concentration_table
from knapsack_rl.analysis.products.gradient_split import gradient_split_points, gradient_split_table


def test_the_parts_of_the_rise_add_up(frames):
    """By rollouts (arm) minus by prompts (uniform) is re-weighting plus the rest, in every step."""
    steps = split_steps(frames)
    uniform = steps[steps["arm"] == "uniform"].set_index(["budget", "seed", "step"])["ratio_prompts"]
    arm = steps[steps["arm"] == "knapsack"].set_index(["budget", "seed", "step"])
    rise = arm["ratio_rollouts"] - uniform
    assert (arm["reweighting"] + arm["rest"]).to_numpy() == pytest.approx(rise.reindex(arm.index).to_numpy())


def test_uniform_counts_have_nothing_to_split(frames):
    """Both ratios are one number, and its counts are the equal counts."""
    uniform = split_steps(frames).query("arm == 'uniform'")
    assert uniform["reweighting"].abs().max() < 1e-12
    assert uniform["rest"].abs().max() == 0
    assert uniform["objective_gain"].abs().max() < 1e-9


def test_without_a_baseline_the_rest_is_unknown(frames):
    """Not zero."""
    only = frames.steps[frames.steps["arm"] == "knapsack"]
    part = type(frames)(steps=only, groups=frames.groups[frames.groups["arm"] == "knapsack"], evals=frames.evals)
    table = gradient_split_table(part)
    assert table["rest"].isna().all()
    assert table["reweighting"].notna().all()


def test_early_and_late_are_quarters(frames):
    """6 steps: the first two and the last; means over three seeds, with intervals."""
    table = gradient_split_table(frames).query("budget == 8 and arm == 'knapsack'").set_index("period")
    assert list(table["first_step"]) == [1, 3, 5]
    assert list(table["last_step"]) == [2, 6, 6]
    assert list(table["num_seeds"]) == [3, 3, 3]
    assert (table["ratio_rollouts_low"] < table["ratio_rollouts"]).all()


def test_points_cover_every_arm(frames):
    """One point per cell, arm and window; a window is a step where there are few."""
    assert len(gradient_split_points(frames)) == 2 * 2 * 6


def test_budget_classes_partition_the_visits(frames):
    """Shares of visits and of budget sum to 1 per arm; the mean lies between the extremes."""
    table = budgets_table(frames)
    for share in ("share_of_visits", "share_of_budget"):
        assert table.groupby(["budget", "arm"])[share].sum().to_numpy() == pytest.approx(1)
    assert (table["q05"] <= table["q95"]).all()
    assert (table["mean_rollouts"] <= table["max_rollouts"]).all()


def test_budget_quantiles_are_those_of_the_visits(frames):
    """One class of one arm, by hand."""
    visits = frames.groups.query("budget == 8 and arm == 'knapsack' and p_belief >= 0.3 and p_belief < 0.4")
    row = budgets_table(frames).query("budget == 8 and arm == 'knapsack' and belief == '0.3 to 0.4'").iloc[0]
    assert row["q75"] == pytest.approx(np.quantile(visits["num_rollouts"], 0.75))
    assert row["success_rate"] == pytest.approx(visits["num_successes"].sum() / visits["num_rollouts"].sum())


def groups_of(*counts):
    """One run; each argument holds the counts of a step."""
    rows = [
        (step, index, count) for step, step_counts in enumerate(counts, 1) for index, count in enumerate(step_counts)
    ]
    table = pd.DataFrame(rows, columns=["step", "prompt_id", "num_rollouts"])
    return table.assign(run_id="r")


def test_spread_of_a_step():
    """Quantiles as numpy's, entropy 1 for equal counts and for one prompt alone, less for unequal ones."""
    spread = step_spread(groups_of([2, 2, 2, 2], [1, 3], [5], [2, 9, 4, 30, 2])).set_index("step")
    assert spread.loc[4, "q90_rollouts"] == pytest.approx(np.quantile([2, 9, 4, 30, 2], 0.9))
    expected = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75)) / np.log(2)
    assert list(spread["entropy_rollouts"].iloc[:3]) == pytest.approx([1, expected, 1])


def test_the_largest_count_of_each_step():
    """Of equals the first; one row per step."""
    largest = largest_per_step(groups_of([2, 9, 9], [4, 1, 1]))
    assert largest[["step", "prompt_id", "num_rollouts"]].to_numpy().tolist() == [[1, 1, 9], [2, 0, 4]]


def test_concentration_names_the_winner(frames):
    """The prompt with the largest count of the last quarter, its belief and how it did."""
    row = concentration_table(frames).query("budget == 8 and arm == 'knapsack' and period == 'last quarter'").iloc[0]
    late = frames.groups.query("budget == 8 and arm == 'knapsack' and step >= 5")
    assert row["largest"] == late["num_rollouts"].max()
    winner = late.query("prompt_id == @row.largest_prompt and step == @row.largest_step")
    assert row["largest"] in set(winner["num_rollouts"])
    assert 1 <= row["num_largest_prompts"] <= 2 * 3
