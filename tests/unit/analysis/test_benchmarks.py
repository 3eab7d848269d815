"""avg@k, pass@k and which checkpoint counts as the last."""

import pandas as pd
import pytest

from knapsack_rl.analysis.measures.benchmarks import (
    benchmark_scores,
    final_scores,
    last_common_step,
    run_accuracy_interval,
)

RUN = {"model": "small", "arm": "uniform", "strategy": "uniform", "budget": 8}


def evals_of(*rows, run_id="a", seed=0):
    """Evaluations from (step, benchmark, problem, correct, samples)."""
    frame = pd.DataFrame(rows, columns=["step", "benchmark", "problem_id", "num_correct", "num_samples"])
    return frame.assign(run_id=run_id, seed=seed, **RUN)


def test_scores_by_hand():
    """Two problems with 1 and 3 of 4 right."""
    scores = benchmark_scores(evals_of((0, "easy", "p", 1, 4), (0, "easy", "q", 3, 4))).set_index("benchmark")
    assert scores.loc["easy", "avg_at_k"] == 0.5
    assert scores.loc["easy", "pass_at_k"] == 1.0
    assert scores.loc["easy", ["num_problems", "k"]].tolist() == [2, 4]


def test_average_weights_benchmarks_equally():
    """One problem of a small benchmark counts as much as three of a large one."""
    rows = [(0, "large", name, 0, 2) for name in "abc"] + [(0, "small", "d", 2, 2)]
    scores = benchmark_scores(evals_of(*rows)).set_index("benchmark")
    assert scores.loc["average", "avg_at_k"] == 0.5


def test_pass_at_k_uses_the_fewest_samples():
    """With 2 and 4 samples per problem only pass@2 can be compared."""
    scores = benchmark_scores(evals_of((0, "easy", "p", 1, 2), (0, "easy", "q", 1, 4)))
    assert set(scores["k"]) == {2}
    assert scores["pass_at_k"].iloc[0] == pytest.approx((1.0 + 0.5) / 2)


def test_final_checkpoint_is_the_last_shared_one():
    """A run stopped at step 10 holds its cell's comparison at step 10."""
    long = evals_of(*((step, "easy", "p", 1, 2) for step in (0, 10, 20)), run_id="long")
    short = evals_of(*((step, "easy", "p", 1, 2) for step in (0, 10)), run_id="short", seed=1)
    scores = benchmark_scores(pd.concat([long, short], ignore_index=True))
    assert last_common_step(scores)["step"].tolist() == [10]
    assert set(final_scores(scores)["run_id"]) == {"long", "short"}
    assert set(final_scores(scores)["step"]) == {10}


def _ending(arm, *steps, reached=True, seed=0, budget=8):
    """Evaluations of a run that ends at a budget; at step s it has s of 100 right."""
    rows = evals_of(*((step, "easy", "p", step, 100) for step in steps), run_id=f"{arm}{seed}n{budget}", seed=seed)
    return rows.assign(arm=arm, budget=budget, budget_reached=reached)


def test_runs_that_end_at_a_budget_are_compared_at_their_ends():
    """Not at step 8, the last that they share; another cell of the study is compared as ever."""
    without = {"budget": 4, "reached": None}
    runs = [_ending("uniform", 0, 8, 16), _ending("dapo", 0, 8, 9), _ending("dapo", 0, 8, 11, seed=1)]
    runs += [_ending("uniform", 0, 8, 16, **without), _ending("dapo", 0, 8, **without)]
    found = final_scores(benchmark_scores(pd.concat(runs, ignore_index=True)))
    average = found[found["benchmark"] == "average"].set_index(["run_id", "budget"])
    assert average["avg_at_k"].to_dict() == {
        ("uniform0n8", 8): 0.16,
        ("dapo0n8", 8): 0.09,
        ("dapo1n8", 8): 0.11,
        ("uniform0n4", 4): 0.08,
        ("dapo0n4", 4): 0.08,
    }
    assert average["step"].to_dict()["dapo0n8", 8] == 11


def test_run_interval_resamples_within_benchmarks():
    """A benchmark that is all right adds no spread of its own."""
    rows = [(5, "sure", f"s{i}", 2, 2) for i in range(10)] + [(5, "open", f"o{i}", i % 2 * 2, 2) for i in range(10)]
    found = run_accuracy_interval(evals_of(*rows))
    assert found.mean == 0.75
    assert found.low >= 0.5
    assert found.high <= 1.0
