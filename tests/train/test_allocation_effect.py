"""With known success rates the allocation does what the method says, through the whole trainer."""

from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq

from knapsack_rl.grpo import effective_ratios
from knapsack_rl.train import train

from .conftest import Bench, p_success


def _groups(bench, arm, **options):
    job = bench.job(arm=arm, steps=40, **options)
    train(job)
    return pq.read_table(job.paths.folder / "groups.parquet").to_pandas()


def test_totals_and_bounds_hold_at_every_step(bench):
    """Every step spends exactly 16 x 8 rollouts and gives every prompt 2 to 128, in both arms."""
    for arm in ("uniform", "knapsack"):
        groups = _groups(bench, arm)
        assert (groups.groupby("step")["num_rollouts"].sum() == 128).all()
        assert groups["num_rollouts"].between(2, 128).all()


def test_first_epoch_is_uniform(bench):
    """Nothing is known before the first visit: every prompt gets N, and its belief is recorded as unknown."""
    groups = _groups(bench, "knapsack")
    first = groups[groups["visit"] == 1]
    assert (first["num_rollouts"] == 8).all()
    assert first["p_belief"].isna().all()


def test_small_budget_waits_for_eight_rewards(bench):
    """At N = 4 a prompt is known after its second visit, so knapsack starts in the third epoch."""
    groups = _groups(bench, "knapsack", budget=4)
    assert groups.loc[groups["visit"] <= 2, "p_belief"].isna().all()
    assert groups.loc[groups["visit"] == 3, "p_belief"].notna().all()


def test_rollouts_move_from_solved_prompts_to_hard_ones(bench):
    """Known all-correct prompts get the minimum; hard but solvable ones get several times the uniform share."""
    groups = _groups(bench, "knapsack")
    known = groups[groups["p_belief"].notna()]
    assert (known.loc[known["p_belief"] == 1, "num_rollouts"] == 2).mean() > 0.9
    hard = known[(known["p_belief"] > 0) & (known["p_belief"] <= 0.2)]
    assert hard["num_rollouts"].mean() > 16


def test_ratio_by_rollouts_rises_far_more_than_by_prompts(tmp_path):
    """At fixed success rates the paper's ratio rises by re-weighting; the share of mixed prompts hardly moves."""
    ratios = {}
    for arm in ("uniform", "knapsack"):
        groups = _groups(Bench(tmp_path / arm), arm)
        later = groups[groups["visit"] > 1]
        ratios[arm] = effective_ratios(later["num_successes"], later["num_rollouts"])
    gain_rollouts, gain_prompts = np.subtract(ratios["knapsack"], ratios["uniform"])
    assert gain_rollouts > 0.08
    assert gain_rollouts > 2 * abs(gain_prompts)


def test_same_seed_sees_the_same_prompts_and_noise_in_both_arms(bench):
    """Arms are paired: prompt order is equal, and so are the outcomes of the first epoch."""
    uniform, knapsack = _groups(bench, "uniform"), _groups(bench, "knapsack")
    assert (uniform["prompt_id"] == knapsack["prompt_id"]).all()
    first = uniform["visit"] == 1
    assert (uniform.loc[first, "num_successes"] == knapsack.loc[first, "num_successes"]).all()


def test_known_rates_are_met(bench):
    """The fake really answers at its known rates: per rate, the total is within four standard errors."""
    groups = _groups(bench, "uniform")
    groups["rate"] = [p_success(SimpleNamespace(id=identity)) for identity in groups["prompt_id"]]
    for rate, row in groups.groupby("rate")[["num_successes", "num_rollouts"]].sum().iterrows():
        margin = 4 * np.sqrt(rate * (1 - rate) / row["num_rollouts"])
        assert abs(row["num_successes"] / row["num_rollouts"] - rate) <= margin
