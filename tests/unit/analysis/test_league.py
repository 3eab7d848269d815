"""The league table on studies whose truth is known, ranks that hold as often as they say, runs of unequal length."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from known_truth import Truth, frames_of

from knapsack_rl.analysis.inference.adjust import holm, paired_p_value
from knapsack_rl.analysis.inference.ranking import rank_uncertainty
from knapsack_rl.analysis.make import draw_figure
from knapsack_rl.analysis.measures.effort import equal_axes, run_effort
from knapsack_rl.analysis.measures.other_budgets import TOTAL_MARK
from knapsack_rl.analysis.products.differences import differences
from knapsack_rl.analysis.products.league import COLUMNS, league_table
from knapsack_rl.analysis.show.readable import caption, present

ARMS = {name: {"strategy": name} for name in ("uniform", "knapsack", "vip", "dapo", "oracle")}
GAIN = {"knapsack": 0.05, "vip": 0.002, "dapo": -0.04, "oracle": 0.1}


@pytest.fixture(scope="module")
def frames():
    """Four arms of known gain beside uniform; read only."""
    return frames_of(Truth(arms=ARMS, gain=GAIN, steps=8, every=4, solved=(0.1, 0.3)))


@pytest.fixture(scope="module")
def table(frames):
    """Its league table by arm."""
    return league_table(frames).set_index("arm")


def test_arms_are_sorted_and_ranked_without_controls(table):
    """The oracle is on top of the list and has no rank; the method of the largest gain is first."""
    assert list(table.index) == ["oracle", "knapsack", "vip", "uniform", "dapo"]
    assert dict(table["role"]) == dict.fromkeys(table.index, "method") | {"oracle": "control", "uniform": "baseline"}
    assert table["rank"].isna()["oracle"]
    assert table["first"].isna()["oracle"]
    assert list(table["rank"].drop("oracle")) == [1, 2, 3, 4]
    assert table.loc["knapsack", "first"] > 0.99
    assert table.loc["vip", "rank_low"] <= 2
    assert table.loc["vip", "rank_high"] >= 3


def test_differences_are_those_of_the_differences_table(frames, table):
    """Scores are taken where that table takes them, ratios count the same steps."""
    known = differences(frames).set_index(["arm", "metric"])
    for arm in ("knapsack", "dapo"):
        for name, metric in (("difference", "accuracy/average"), ("ratio_prompts_difference", "ratio_prompts")):
            assert table.loc[arm, name] == pytest.approx(known.loc[(arm, metric), "difference"])
            assert table.loc[arm, f"{name}_low"] == pytest.approx(known.loc[(arm, metric), "ci_low"])


def test_only_what_holm_leaves_is_bold(table):
    """P-values of all arms are adjusted together, and a difference that is clear only by itself is not bold."""
    frame = table.reset_index()
    frame["p_holm"] = frame["p_holm"].where(frame["arm"] != "dapo", 0.06)
    shown = present("league", frame).set_index("arm")["accuracy over uniform"]
    assert {arm for arm, text in shown.items() if text.startswith("**")} == {"oracle", "knapsack"}
    assert table["p_holm"]["knapsack"] == pytest.approx(table["p_value"]["knapsack"] * 3)


def test_holm_and_paired_p_value():
    """By hand: 0.01 x 3, 0.02 x 2, then never less than the one before; unknown ones are not counted."""
    adjusted = holm(pd.Series([0.02, np.nan, 0.01, 0.03]))
    assert list(adjusted.dropna()) == pytest.approx([0.04, 0.03, 0.04])
    assert np.isnan(paired_p_value([1.0, 2.0], [0.0, 0.0]))
    assert np.isnan(paired_p_value([1, 2, 3], [0, 1, 2]))


def test_runs_that_end_at_a_budget_are_compared_where_each_ended(frames):
    """Runs of dapo that end at half of the steps: their own last score counts, and the runs are no longer equal."""
    short = {
        name: rows[(rows["arm"] != "dapo") | (rows["step"] <= 4)]
        for name, rows in (("steps", frames.steps), ("evals", frames.evals.assign(budget_reached=True)))
    }
    cut = league_table(replace(frames, **short)).set_index("arm")
    whole = league_table(frames).set_index("arm")
    assert cut.loc["knapsack", "difference"] == pytest.approx(whole.loc["knapsack", "difference"])
    assert cut.loc["dapo", "pass_at_1"] == pytest.approx(0.2 + (0.3 - 0.04) / 2, abs=0.01)
    assert cut.loc["dapo", "total_steps"] == 4
    assert "equal in: nothing" in caption("league", cut)


def test_the_axis_on_which_runs_are_equal_is_read_off_the_records(frames):
    """As many rollouts in fewer and larger steps."""
    steps = frames.steps[(frames.steps["arm"] != "dapo") | (frames.steps["step"] <= 4)].copy()
    steps.loc[steps["arm"] == "dapo", "num_rollouts"] *= 2
    (said,) = equal_axes(run_effort(replace(frames, steps=steps)))["equal_on"]
    assert said == "generated rollouts (within 0.0%)"


def test_wasted_is_what_no_update_was_made_of(frames):
    """A quarter of each step's rollouts is updated on; with a KL penalty nothing is known."""
    steps = frames.steps.assign(num_updated_rollouts=frames.steps["num_rollouts"] / 4)
    assert run_effort(replace(frames, steps=steps))["wasted"].to_numpy() == pytest.approx(0.75)
    penalised = frames_of(Truth(steps=2, every=2, train={"loss": {"kl_coef": 0.1}}))
    assert run_effort(penalised)["wasted"].isna().all()


def test_counts_that_depend_on_outcomes_have_no_value_at_calibrated_rates(frames):
    """Their classes would hold what was stopped for its outcomes."""
    groups = frames.groups.assign(num_rounds=np.where(frames.groups["arm"] == "dapo", 2, 1))
    table = league_table(replace(frames, groups=groups)).set_index("arm")
    assert np.isnan(table.loc["dapo", "objective_gain"])
    assert np.isfinite(table.loc["vip", "objective_gain"])


def test_uniform_at_another_budget_is_a_control():
    """Its runs move into the cell with as many rollouts a step; without that cell's total they stay away."""
    frames = frames_of(Truth(arms=ARMS, gain=GAIN, steps=8, every=4))
    other = frames_of(Truth(arms={"uniform": {"strategy": "uniform"}}, budgets=(16,), prompts=2, steps=8, every=4))
    names = ("steps", "groups", "evals", "probes", "runs")
    label = f"small{TOTAL_MARK}"
    both = {name: pd.concat([getattr(frames, name), getattr(other, name).assign(model=label)]) for name in names}
    table = league_table(replace(frames, **both)).set_index("arm")
    assert table.loc["uniform_n16", "role"] == "control"
    assert table.loc["uniform_n16", "budget"] == 8
    assert pd.isna(table.loc["uniform_n16", "rank"])
    both["steps"] = both["steps"].assign(num_rollouts=np.where(both["steps"]["model"] == label, 1, 32))
    assert "uniform_n16" not in set(league_table(replace(frames, **both))["arm"])


def test_nothing_to_compare_is_an_empty_table_and_a_figure_that_says_so():
    """A study of the baseline alone."""
    frames = frames_of(Truth(arms={"uniform": {"strategy": "uniform"}}, steps=2, every=2))
    assert league_table(frames).empty
    assert list(league_table(frames)) == COLUMNS
    assert "nothing to\ncompare" in [text.get_text() for text in draw_figure("league", frames).axes[0].texts]


def test_the_figure_draws_the_table(frames, table):
    """Left: the differences in points in the table's order; right: bars of the shares."""
    figure = draw_figure("league", frames)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["(oracle)", "knapsack", "vip", "uniform", "dapo"]
    means = [line.get_xdata()[0] for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    assert means == pytest.approx(list(table["difference"].dropna() * 100))
    bars = [bar.get_width() for bar in figure.axes[2].patches]
    assert bars == pytest.approx(list(table["first"].dropna().astype(float)))


def test_a_number_that_would_cover_another_is_a_dot(frames, table):
    """Uniform lies 0.2 points below vip, so it has no number; every arm has its place."""
    ax = draw_figure("league_tokens", frames).axes[0]
    assert [text.get_text() for text in ax.texts] == ["1", "2", "3", "5"]
    (dot,) = [line for line in ax.lines if line.get_marker() == "."]
    assert dot.get_ydata()[0] == pytest.approx(table.loc["uniform", "pass_at_1"])


def test_rank_intervals_hold_the_truth():
    """Three replicates that differ much, 20 arms: 95% intervals hold 9 of 10 true ranks or more."""
    rng, held = np.random.default_rng(0), []
    for _ in range(25):
        true_A = rng.normal(size=20)
        values_SA = pd.DataFrame(true_A + 2 * rng.normal(size=(3, 1)) + rng.normal(size=(3, 20)))
        found = rank_uncertainty(values_SA, values_SA.mean())
        rank_A = (-true_A).argsort().argsort() + 1
        held += list((found["rank_low"] <= rank_A) & (rank_A <= found["rank_high"]))
    assert np.mean(held) > 0.9


def test_ranks_need_three_replicates_and_need_not_be_balanced():
    """Two replicates give a rank alone; more of some arms narrow their interval."""
    values_SA = pd.DataFrame(np.random.default_rng(1).normal(size=(12, 8)))
    assert rank_uncertainty(values_SA.iloc[:2], values_SA.mean())[["rank_low", "first"]].isna().all(axis=None)
    some = values_SA.copy()
    some.iloc[3:, 4:] = np.nan
    found = rank_uncertainty(some, pd.Series([0.0, 1.0, 2.0, 3.0, 0.1, 1.1, 2.1, 3.1], index=some.columns))
    width = found["rank_high"] - found["rank_low"]
    assert width.iloc[:4].mean() < width.iloc[4:].mean()
    assert found["first"].sum() == pytest.approx(1.0)
