"""A simulated run: totals, repeatability, and a pool of a million."""

import numpy as np
import pytest

from knapsack_rl.allocation import method_names, strategy_names
from knapsack_rl.base.errors import AllocationError, ConfigError, InputError
from knapsack_rl.beliefs import tracker_names
from knapsack_rl.simulation import POOLS, Drift, SimulationSpec, simulate
from knapsack_rl.simulation.classes import LABELS, allocation_rows, rate_class
from knapsack_rl.simulation.judged import calibration_rows, judge_beliefs


def small(strategy="knapsack", **changes):
    return SimulationSpec(
        **{"pool": POOLS["middle"], "strategy": strategy, "num_prompts": 70, "batch": 32, "epochs": 3, **changes}
    )


@pytest.mark.parametrize("strategy", strategy_names())
def test_every_strategy_runs(strategy):
    """Each step spends exactly its budget; 2 steps per epoch, the incomplete third batch dropped."""
    found = simulate(small(strategy))
    if strategy == "knapsack_tokens":
        assert all(0.97 < row["token_ratio"] <= 1 + 1e-9 for row in found.steps)
    else:
        assert [row["num_rollouts"] for row in found.steps] == [256] * 6
    assert [row["epoch"] for row in found.steps] == [0, 0, 1, 1, 2, 2]
    assert len(found.last_epoch.counts_P) == 64


@pytest.mark.parametrize("method", sorted({*method_names()} - {*strategy_names()}))
def test_every_sequential_method_runs(method):
    """Within the step as many prompts and rollouts as it asks for; the number of steps is that of all others."""
    found = simulate(small(method))
    assert len(found.steps) == 6
    assert all(row["num_rollouts"] > 0 for row in found.steps)
    assert found.steps == simulate(small(method)).steps


def test_a_method_of_rounds_is_judged_against_equal_counts_of_what_it_drew():
    """Twice the budget for every prompt is no better than equal counts: it is them."""
    found = simulate(small("reinforce_ada", options={"per_round": 16, "max_rounds": 1}))
    assert {row["num_rollouts"] for row in found.steps} == {512}
    for row in found.steps:
        assert row["objective"] == pytest.approx(row["objective_uniform"])


@pytest.mark.parametrize("belief", tracker_names())
def test_every_belief_runs(belief):
    """By columns, by tracker with made-up features, or by a probe; all are known in the last epoch."""
    found = simulate(small("knapsack_posterior", belief=belief))
    assert found.steps[-1]["known_frac"] > 0.9


def test_a_run_is_a_function_of_its_seed():
    """The same seed gives the same run, another seed another; arms of a seed start from the same rates."""
    first, again, other = (simulate(small(seed=seed)) for seed in (0, 0, 1))
    np.testing.assert_equal(first.steps, again.steps)
    assert first.steps != other.steps
    np.testing.assert_array_equal(first.first_rate_I, simulate(small("uniform")).first_rate_I)


def test_training_raises_the_rates_and_rest_does_not():
    """Rates drift upwards, unless nothing moves."""
    moved, still = simulate(small()), simulate(small(drift=Drift(own=0.0, shared=0.0)))
    assert moved.last_rate_I.mean() > moved.first_rate_I.mean() + 0.02
    np.testing.assert_array_equal(still.last_rate_I, still.first_rate_I)


def test_first_epoch_of_a_point_estimate_is_uniform():
    """Nothing is known yet: equal counts, no gain, both ratios equal."""
    row = simulate(small()).steps[0]
    assert (row["max_count"], row["known_frac"]) == (8, 0.0)
    assert row["objective"] == row["objective_uniform"]
    assert row["ratio_rollouts"] == row["ratio_prompts"]


def test_a_million_prompts_fit_into_a_test():
    """One allocation over 1,000,000 prompts and its beliefs, twice."""
    found = simulate(small(num_prompts=1_000_000, batch=1_000_000, epochs=2))
    assert found.steps[1]["num_rollouts"] == 8_000_000


def test_hard_prompts_are_dearer():
    """Equal counts are the unit; a rule that moves rollouts to low rates spends more tokens at equal rollouts."""
    uniform, hard = (simulate(small(name, num_prompts=640, batch=320)).steps[-1] for name in ("uniform", "ada_est"))
    assert uniform["token_ratio"] == pytest.approx(1.0)
    assert hard["token_ratio"] > 1.05


def test_vip_predicts_from_features():
    """After one step the process tells apart prompts that were never drawn, by features that hint at their rates."""
    first, second = simulate(small("vip", epochs=1)).steps
    assert first["max_count"] == 8
    assert (second["known_frac"], second["max_count"] > 8) == (1.0, True)
    assert simulate(small("vip", epochs=1, belief="newest16")).steps[1]["max_count"] == second["max_count"]


def test_beliefs_are_judged_by_a_probe():
    """The oracle of 64 draws is closer to the truth than newest-16, and its curve lies on the diagonal."""
    newest, oracle = (judge_beliefs(simulate(small(belief=name, num_prompts=640))) for name in ("newest16", "oracle"))
    assert oracle.root_mean_square_error < 0.5 * newest.root_mean_square_error
    for row in calibration_rows(oracle):
        assert abs(row["predicted"] - row["observed"]) < 4 * row["standard_error"] + 0.05
    unknown = judge_beliefs(simulate(small(epochs=1)))
    assert (unknown.num_known, unknown.num_unknown, calibration_rows(unknown)) == (0, 64, [])


def test_who_got_the_rollouts():
    """Every visit is in one class of each kind of rate, and the shares sum to 1."""
    found = simulate(small())
    rows = allocation_rows(found.last_epoch)
    for kind in ("true", "believed"):
        assert sum(row["num_visits"] for row in rows if row["rate"] == kind) == 64
        assert sum(row["share"] for row in rows if row["rate"] == kind) == pytest.approx(1)


def test_classes_of_rates():
    """Unknown, 0 and 1 stand apart; a border belongs to the class above it."""
    found = rate_class(np.array([np.nan, 0.0, 0.005, 0.01, 0.55, 0.995, 1.0]))
    assert [LABELS[position] for position in found] == ["?", "0", "0.01", "0.02", "0.6", "<1", "1"]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"strategy": "knapsak"}, ConfigError, "did you mean 'knapsack'"),
        ({"belief": "newest"}, ConfigError, "unknown belief 'newest'"),
        ({"epochs": 0}, InputError, "epochs = 0 must be at least 1"),
        ({"batch": 0}, InputError, "batch = 0 must be at least 1"),
        ({"batch": 71}, InputError, "a batch of 71 is more than the 70 prompts"),
        ({"budget_per_prompt": 1}, AllocationError, "total 32 is below the lower bounds"),
        ({"budget_per_prompt": -8}, AllocationError, "total -256 is below"),
        ({"bounds": (9, 3)}, AllocationError, "lower bound 9 is above the upper bound 3"),
    ],
)
def test_impossible_runs_are_refused_before_they_start(changes, error, message):
    """One line, from the specification itself."""
    with pytest.raises(error, match=message):
        small(**changes)
