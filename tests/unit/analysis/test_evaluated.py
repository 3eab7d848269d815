"""Every benchmark of every run: scores with what they rest on."""

import dataclasses

import pytest
from made_up import Shape

from knapsack_rl.analysis.frames.study import load_analysis
from knapsack_rl.analysis.make import analyse
from knapsack_rl.analysis.products.evaluated import evaluated_table
from knapsack_rl.analysis.show.readable import to_markdown
from knapsack_rl.base.types import Prompt
from knapsack_rl.records.prompts import write_benchmarks


def test_average_names_its_members(frames):
    """The mean of the benchmarks it names, whatever their sizes, inside its interval."""
    table = evaluated_table(frames)
    (_, first), *_ = table.groupby("run_id", sort=False)
    single, average = first[first["members"] == ""], first[first["members"] != ""].iloc[0]
    assert average["members"] == ", ".join(single["benchmark"])
    assert average["avg_at_k"] == pytest.approx(single["avg_at_k"].mean())
    assert average["avg_at_k_low"] <= average["avg_at_k"] <= average["avg_at_k_high"]
    assert (table["pass_at_k"] >= table["avg_at_k"]).all()
    assert average["num_problems"] == single["num_problems"].sum()


def test_contamination_is_counted_per_benchmark(frames):
    """An exact copy counts among those that share 20 words; where nobody looked, nothing is claimed."""
    assert evaluated_table(frames)["num_exact"].isna().all()
    evals = frames.evals.assign(overlap="none")
    problems = sorted(evals.loc[evals["benchmark"] == "ops2", "problem_id"].unique())
    evals.loc[evals["problem_id"] == problems[0], "overlap"] = "exact"
    evals.loc[evals["problem_id"] == problems[1], "overlap"] = "words"
    table = evaluated_table(dataclasses.replace(frames, evals=evals)).set_index("benchmark")
    assert set(table.loc["ops2", "num_exact"]) == {1}
    assert set(table.loc["ops2", "num_words"]) == {2}
    assert set(table.loc["ops3", "num_words"]) == {0}
    assert "contaminated (20 words)" in to_markdown("evaluated", table.reset_index())


def test_overlaps_come_from_the_prepared_benchmarks(make_study):
    """The table of problems says which overlap; the frames carry it."""
    paths, run_ids = make_study(Shape(seeds=(0,), steps=4))
    problem = Prompt(id="ops2-000", text="", answer="", kind="ops2")
    write_benchmarks(paths.problems(None).benchmarks, {"ops2": [problem]}, overlaps={("ops2", "ops2-000"): "exact"})
    analyse(paths.results, run_ids)
    evals = load_analysis(paths.analysis).evals
    assert set(evals.loc[evals["problem_id"] == "ops2-000", "overlap"]) == {"exact"}
    assert evals.loc[evals["problem_id"] != "ops2-000", "overlap"].isna().all()
