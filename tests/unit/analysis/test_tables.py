"""Result tables and their files."""

import numpy as np
import pandas as pd
import pytest
from made_up import Shape

from knapsack_rl.analysis.catalogue import TABLE_NAMES
from knapsack_rl.analysis.make import analyse, build_table, write_result_tables
from knapsack_rl.analysis.products.benchmarks import benchmarks_table
from knapsack_rl.analysis.products.differences import COLUMNS
from knapsack_rl.analysis.products.runs import runs_table
from knapsack_rl.analysis.products.zero_gradient import zero_gradient_table
from knapsack_rl.analysis.show.paired import signed
from knapsack_rl.analysis.show.readable import caption, present, to_markdown, write_table_files
from knapsack_rl.base.errors import InputError


def test_zero_gradient_periods(frames):
    """First and last quarter of 6 steps are 2 steps each; prompts repeat from step 3 on."""
    table = zero_gradient_table(frames).set_index("period")
    spans = {
        period: {(row.first_step, row.last_step) for row in rows.itertuples()}
        for period, rows in table.groupby(level=0)
    }
    assert spans == {"first quarter": {(1, 2)}, "from second visit": {(3, 6)}, "last quarter": {(5, 6)}}


def test_uniform_ratios_agree_by_rollouts_and_prompts(frames):
    """With equal counts the two ratios are one number."""
    table = zero_gradient_table(frames).query("arm == 'uniform'")
    assert table["ratio_rollouts"].to_numpy() == pytest.approx(table["ratio_prompts"].to_numpy())
    assert (table["max_rollouts"] == table["budget"]).all()


def test_no_second_visit_keeps_its_row(make_study):
    """A study of a single epoch says n/a for the period it does not have."""
    paths, run_ids = make_study(Shape(seeds=(0,), steps=2))
    analyse(paths.results, run_ids)
    write_result_tables(["zero_gradient"], analysis_folder=paths.analysis, tables_folder=paths.tables)
    text = (paths.tables / "zero_gradient.md").read_text(encoding="utf-8")
    assert "| small | 8 | knapsack | from second visit | n/a | n/a |" in text


def test_arms_of_a_cell_stand_together(frames):
    """Rows are ordered by model, budget and arm, the base model first."""
    rows = benchmarks_table(frames)[["budget", "arm"]].itertuples(index=False, name=None)
    arms = ("base model", "uniform", "knapsack")
    assert list(rows) == [(budget, arm) for budget in (4, 8) for arm in arms]


def test_benchmark_average_is_the_mean_of_the_columns(frames):
    """avg@k/average is the unweighted mean of the benchmarks."""
    table = benchmarks_table(frames)
    expected = (table["avg_at_k/ops2"] + table["avg_at_k/ops3"]) / 2
    assert table["avg_at_k/average"].to_numpy() == pytest.approx(expected.to_numpy())


def test_base_model_has_no_interval(frames):
    """It is one evaluation that all seeds share, not three replicates."""
    base = benchmarks_table(frames).query("arm == 'base model'")
    assert base["num_seeds"].isna().all()
    assert base["avg_at_k/average_low"].isna().all()


def test_runs_table_adds_up(frames):
    """6 steps of 8 x 4 rollouts, 0.5 s of update each."""
    row = runs_table(frames).set_index("run_id").loc["small-uniform-n4-s0"]
    assert (row["num_rollouts"], row["num_response_tokens"], row["step"]) == (192, 1920, 6)
    assert row["num_belief_multiply_adds"] == 0
    assert row["update_s"] == pytest.approx(3.0)
    assert row["accuracy_low"] <= row["accuracy"] <= row["accuracy_high"]


def test_csv_holds_full_numbers_and_empty_fields(tmp_path):
    """CSV is for machines: every digit, and nothing where there is nothing."""
    frame = pd.DataFrame(
        {"arm": ["a"], "num_seeds": [2], "accuracy": [1 / 3], "accuracy_low": [np.nan], "accuracy_high": [np.nan]}
    )
    write_table_files("compute", frame, folder=tmp_path)
    lines = (tmp_path / "compute.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ["arm,num_seeds,accuracy,accuracy_low,accuracy_high", "a,2,0.3333333333333333,,"]


def test_markdown_folds_value_and_interval():
    """A t-interval is shown as half width, a missing one not at all, a missing value as n/a."""
    frame = pd.DataFrame(
        {
            "num_seeds": [3, 2, 1],
            "total_rollouts": [15360, 10, 10],
            "accuracy": [0.5, 0.25, np.nan],
            "accuracy_low": [0.4, np.nan, np.nan],
            "accuracy_high": [0.6, np.nan, np.nan],
        }
    )
    shown = present("compute", frame)
    assert shown["accuracy"].tolist() == ["0.500 ± 0.100", "0.250", "n/a"]
    assert shown["rollouts"].tolist() == ["15,360", "10", "10"]


def test_bootstrap_intervals_are_in_brackets(frames):
    """An interval within one run must not look like one over seeds."""
    shown = present("runs", runs_table(frames))
    assert all(" [" in cell and "±" not in cell for cell in shown["accuracy"])


def test_markdown_of_an_empty_table_says_so():
    """A study without comparison still gets a readable file."""
    text = to_markdown("differences", pd.DataFrame(columns=list(COLUMNS)))
    assert text.startswith("| model | N | comparison | metric |")
    assert "Nothing to show" in text


def test_caption_names_the_seeds():
    """Different numbers of seeds are named, and fewer than three explained."""
    frame = pd.DataFrame({"num_seeds": [3, 2]})
    assert "Seeds: 2 to 3. Below 3 seeds no interval is given." in caption("compute", frame)


def test_differences_are_signed(frames):
    """The sign of a difference is written out, its interval beside it."""
    shown = present("differences", build_table("differences", frames))
    pattern = r"^[+-][\d.e-]+( \[[+-][\d.e-]+, [+-][\d.e-]+\])?$"
    assert shown["difference [95% interval]"].str.match(pattern).all()
    assert set(shown["comparison"]) == {"knapsack - uniform"}


def test_every_table_is_written(study, tmp_path):
    """CSV, Markdown and LaTeX of all tables, from the frames alone; the same whether made together or one by one."""
    together, alone = tmp_path / "together", tmp_path / "alone"
    write_result_tables(TABLE_NAMES, analysis_folder=study.analysis, tables_folder=together)
    for name in reversed(TABLE_NAMES):
        write_result_tables([name], analysis_folder=study.analysis, tables_folder=alone)
    expected = {f"{name}.{kind}" for name in TABLE_NAMES for kind in ("csv", "md", "tex")}
    assert {path.name for path in together.iterdir()} == expected
    assert all((together / name).read_bytes() == (alone / name).read_bytes() for name in expected)


def test_unknown_table_is_refused(study, tmp_path):
    """A misspelt name lists the names there are."""
    with pytest.raises(InputError, match=r"zero: no such table; choose one of differences, replicates"):
        write_result_tables(["zero"], analysis_folder=study.analysis, tables_folder=tmp_path)


@pytest.mark.parametrize(
    ("value", "text"), [(0.0213, "+0.021"), (-0.0004, "-0.0004"), (0.0, "+0.000"), (-4e-17, "+0.000")]
)
def test_rounding_does_not_hide_a_sign(value, text):
    """A bound that excludes zero must not be shown as zero."""
    assert signed(value) == text
