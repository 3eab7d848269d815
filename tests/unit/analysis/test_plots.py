"""Figures draw the numbers of the frames, and look the same each time."""

import dataclasses
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
from made_up import Shape

from knapsack_rl.analysis.catalogue import FIGURE_NAMES, FIGURES
from knapsack_rl.analysis.drawing.around import missing_runs
from knapsack_rl.analysis.drawing.style import house_style
from knapsack_rl.analysis.drawing.views import figure_views, of_cell
from knapsack_rl.analysis.frames.study import load_analysis
from knapsack_rl.analysis.inference.periods import window_means
from knapsack_rl.analysis.inference.stats import mean_interval
from knapsack_rl.analysis.make import analyse, draw_figure, draw_figures
from knapsack_rl.analysis.measures.accuracy_curves import accuracy_curves, mean_curves
from knapsack_rl.analysis.measures.rate_classes import FIRST_INTERIOR, ONE, UNKNOWN, ZERO, rate_class
from knapsack_rl.analysis.measures.spent import TOKENS
from knapsack_rl.analysis.products.allocation import count_edges, heat, mean_counts
from knapsack_rl.analysis.products.benchmarks import benchmark_points
from knapsack_rl.analysis.products.differences import differences, paired_values
from knapsack_rl.analysis.products.forest import forest_points
from knapsack_rl.analysis.products.pooled import POOLED, pooled_differences
from knapsack_rl.base.errors import InputError


def line_of(ax, arm):
    """Points of the only line of an arm with more than two points."""
    (line,) = [line for line in ax.lines if line.get_gid() == f"arm:{arm}" and len(line.get_xdata()) > 2]
    return line.get_xdata(), line.get_ydata()


def test_zero_gradient_lines_are_means_over_seeds(frames):
    """Top left panel: the ratio by rollouts at N = 4, step by step."""
    figure = draw_figure("zero_gradient", frames)
    steps, ratios = line_of(figure.axes[0], "knapsack")
    rows = frames.steps.query("budget == 4 and arm == 'knapsack'")
    assert list(steps) == [1, 2, 3, 4, 5, 6]
    assert list(ratios) == pytest.approx(list(rows.groupby("step")["ratio_rollouts"].mean()))


def test_zero_gradient_labels_cannot_be_misread(frames):
    """Small letters run "all right" into another word."""
    labels = [ax.get_ylabel().replace("\n", " ") for ax in draw_figure("zero_gradient", frames).axes if ax.get_ylabel()]
    assert labels[2:] == ["prompts, every rollout correct", "prompts, every rollout wrong"]


def test_zero_gradient_marks_the_second_visit(frames):
    """16 prompts in batches of 8 repeat from step 3 on."""
    marks = [
        line.get_xdata()[0]
        for line in draw_figure("zero_gradient", frames).axes[0].lines
        if line.get_linestyle() == ":" and line.get_gid() is None
    ]
    assert marks == [3]


def test_long_runs_are_averaged_in_windows(frames):
    """200 steps become 20 windows of 10, each the mean of its steps."""
    one = frames.steps[frames.steps["run_id"] == "small-uniform-n4-s0"].iloc[[0]]
    steps = pd.concat([one.assign(step=step, ratio_prompts=step / 200) for step in range(1, 201)], ignore_index=True)
    means = window_means(steps, ["ratio_prompts"])
    assert len(means) == 20
    assert (means["step"].iloc[0], means["ratio_prompts"].iloc[0]) == (5.5, pytest.approx(5.5 / 200))


def test_compute_curves_draw_tokens_and_accuracy(frames):
    """Right column, second row: the means of the compute table at N = 8, against tokens."""
    figure = draw_figure("compute_curves", frames)
    curves = mean_curves(accuracy_curves(frames)).query("arm == 'uniform' and budget == 8")
    tokens, accuracy = line_of(figure.axes[3], "uniform")
    assert figure.axes[1].get_title() == "small, N = 8, n = 3"
    assert list(tokens) == list(curves[TOKENS])
    assert list(accuracy) == pytest.approx(list(curves["accuracy"]))


def test_benchmarks_are_paired_differences_with_intervals(frames):
    """Per benchmark and average, in every panel: the seeds, an interval, and a marker at the mean, in points."""
    figure = draw_figure("benchmarks", frames)
    for ax in figure.axes:
        assert not [line for line in ax.lines if line.get_gid() == "arm:uniform"]
        lines = [line for line in ax.lines if line.get_gid() == "arm:knapsack"]
        assert [len(line.get_xdata()) for line in lines] == [3, 2, 1] * 3
        for seeds, interval, mean in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
            assert mean.get_xdata()[0] == pytest.approx(np.mean(seeds.get_xdata()))
            assert np.mean(interval.get_xdata()) == pytest.approx(mean.get_xdata()[0])
    told = differences(frames).query("budget == 4 and metric == 'accuracy/average'")["difference"].iloc[0]
    average = [line for line in figure.axes[0].lines if line.get_gid() == "arm:knapsack"][-1]
    assert average.get_xdata()[0] == pytest.approx(100 * told)


def test_benchmarks_without_a_baseline_show_scores(frames):
    """There is nothing to subtract; the base model is beside them."""
    points = benchmark_points(frames.only(["knapsack"]))
    assert points["avg_at_k_difference"].isna().all()
    figure = draw_figure("benchmarks", frames.only(["knapsack"]))
    markers = [line for line in figure.axes[0].lines if line.get_gid() and len(line.get_xdata()) == 1]
    assert all(0 <= line.get_xdata()[0] <= 1 for line in markers)
    assert figure.axes[0].collections


def test_budgets_have_a_panel_per_arm_and_cell(frames):
    """Without the baseline, and without what the figure of the allocation shows; the bar stands below."""
    figure = draw_figure("budgets", frames)
    titled = [ax.get_title() for ax in figure.axes if ax.get_title()]
    assert titled == ["small, N = 4, n = 3\nknapsack", "small, N = 8, n = 3\nknapsack"]


def test_belief_classes_keep_unknown_zero_and_one_apart():
    """Unknown is not 0, 0 is not nearly 0, and borders go up."""
    beliefs = pd.Series([np.nan, 0.0, 0.05, 0.1, 0.3, 0.99, 1.0])
    expected = [UNKNOWN, ZERO, *(FIRST_INTERIOR + tenth for tenth in (0, 1, 3, 9)), ONE]
    assert rate_class(beliefs).tolist() == expected


def test_heat_columns_are_shares():
    """Each belief class that occurs sums to 1; one that does not is empty, not zero."""
    visits = pd.DataFrame({"p_belief": [0.0, 0.0, 0.0, 0.55], "num_rollouts": [2, 2, 8, 128]})
    shares = heat(visits, count_edges(128))
    assert shares[:, ZERO].sum() == 1
    assert shares[1, ZERO] == pytest.approx(2 / 3)
    assert shares[-1, FIRST_INTERIOR + 5] == 1
    assert np.isnan(shares[:, ONE]).all()


@pytest.mark.parametrize("most", [1, 2, 8, 128, 129, 1000])
def test_count_edges_hold_the_largest_count(most):
    """No count falls off the top of the heat map."""
    edges = count_edges(most)
    assert edges[-2] < most <= edges[-1]


def test_mean_counts_are_over_seeds():
    """Each seed counts once, however many visits it has."""
    visits = pd.DataFrame({"p_belief": [0.5] * 4, "seed": [0, 0, 0, 1], "num_rollouts": [2, 2, 2, 10]})
    assert mean_counts(visits)["mean"].tolist() == [6.0]


@pytest.mark.parametrize(
    "shape",
    [
        Shape(seeds=(0,), steps=3, problems=2, samples=2),
        Shape(seeds=(0,), steps=1, problems=1, samples=1, arms=("uniform",), benchmarks=("ops2",)),
        Shape(seeds=(0, 1), steps=4, arms=("knapsack",)),
    ],
    ids=["one seed", "one step, one arm", "no baseline"],
)
def test_small_studies_draw_without_warnings(make_study, shape):
    """The smallest studies have every figure, and nothing complains."""
    paths, run_ids = make_study(shape)
    analyse(paths.results, run_ids)
    frames = load_analysis(paths.analysis)
    with warnings.catch_warnings(), house_style():
        warnings.simplefilter("error")
        for name in FIGURE_NAMES:
            figure = draw_figure(name, frames)
            figure.draw_without_rendering()
            assert all(ax.has_data() or ax.texts for ax in figure.axes)


def test_the_same_frames_give_the_same_bytes(study, tmp_path):
    """No times and no versions in the files, so that a rerun changes nothing."""
    for folder in ("one", "two"):
        draw_figures(["benchmarks"], analysis_folder=study.analysis, figures_folder=tmp_path / folder)
    for kind in ("png", "pdf"):
        one, two = ((tmp_path / folder / f"benchmarks.{kind}").read_bytes() for folder in ("one", "two"))
        assert one == two


def test_beliefs_that_are_never_extreme_leave_those_columns_empty(frames):
    """A posterior mean is never 0 or 1; the figure still draws."""
    groups = frames.groups.assign(p_belief=frames.groups["p_belief"].clip(0.05, 0.95))
    assert draw_figure("allocation", dataclasses.replace(frames, groups=groups)).axes


def test_views_are_of_the_study_and_of_each_cell(frames):
    """The same drawing for the report: one cell shows that cell's numbers alone, and marks say whose they are."""
    draw = partial(draw_figure, "zero_gradient")
    whole, *cells = figure_views("zero_gradient", draw, frames=frames, whole=draw(frames))
    assert (whole["model"], whole["budget"]) == (None, None)
    assert [(view["model"], view["budget"]) for view in cells] == [("small", 4), ("small", 8)]
    assert all('data-arm="knapsack"' in view["svg"] for view in (whole, *cells))
    assert set(of_cell(frames, ("small", 8)).groups["budget"]) == {8}
    assert len({view["svg"] for view in (whole, *cells)}) == 3


def test_views_of_cells_name_their_missing_runs(frames):
    """What a run without records belongs to is known from its id alone; a name may begin another."""
    runs = frames.runs.copy()
    runs.loc[runs["run_id"] == "small-uniform-n4-s2", runs.columns.drop(["run_id"])] = None
    unfinished = ["small-uniform-n4-s2", "small-x-knapsack-n4-total_fixed-s1"]
    more = pd.DataFrame({"run_id": ["small-x-uniform-n4-s0", unfinished[1]], "model": ["small-x", None]})
    runs = pd.concat([runs, more.assign(budget=[4, None])], ignore_index=True)
    runs["status"] = ["not trained" if run_id in unfinished else "finished" for run_id in runs["run_id"]]
    whole = dataclasses.replace(frames, runs=runs)
    assert missing_runs(of_cell(whole, ("small", 4))) == "Missing: 1 of 6 runs (small-uniform-n4-s2)."
    assert missing_runs(of_cell(whole, ("small-x", 4))).startswith("Missing: 1 of 2 runs")
    assert missing_runs(of_cell(whole, ("small", 8))) == ""


@pytest.mark.parametrize("name", FIGURE_NAMES)
def test_the_data_behind_a_figure_stand_beside_it(study, tmp_path, name):
    """A reader can redraw every figure; each row says which model and budget it is about, if it is about one."""
    draw_figures([name], analysis_folder=study.analysis, figures_folder=tmp_path)
    points = pd.read_csv(tmp_path / f"{name}.csv")
    assert not FIGURES[name].needs_runs or {"model", "budget"} <= set(points)
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".pdf", ".csv"}


def test_unknown_figure_is_refused(study, tmp_path):
    """A misspelt name lists the names there are."""
    with pytest.raises(InputError, match="alocation: no such figure; choose one of forest, zero_gradient"):
        draw_figures(["alocation"], analysis_folder=study.analysis, figures_folder=tmp_path)


def test_figures_need_the_frames(tmp_path):
    """Before `analyse` there is one line that says what is missing."""
    with pytest.raises(InputError, match=r"steps\.parquet: no such file"):
        draw_figures(["allocation"], analysis_folder=tmp_path, figures_folder=tmp_path)


def test_frames_are_not_changed_by_drawing(frames):
    """Figures and tables share the frames; none may leave marks."""
    load = frames.steps.copy()
    for name in FIGURE_NAMES:
        draw_figure(name, frames)
    assert load.equals(frames.steps)


def test_forest_starts_with_the_cell_of_most_replicates(make_study):
    """In points, whichever cell the study names first; a metric that is not shown has no row."""
    paths, run_ids = make_study(Shape(budgets=(4, 8)))
    dropped = [run for run in run_ids if "-n4-" in run and not run.endswith("s0")]
    analyse(paths.results, [run for run in run_ids if run not in dropped])
    frames = load_analysis(paths.analysis)
    points, table = forest_points(frames), differences(frames)
    assert list(points["budget"].dropna().unique()) == [8, 4]
    assert set(points["metric"]) == {"ratio_rollouts", "ratio_prompts", "accuracy/average"}
    cells = points[points["model"] != POOLED]
    shown = cells[(cells["budget"] == 8) & (cells["metric"] == "ratio_rollouts")]["difference"].iloc[0]
    kept = table[(table["budget"] == 8) & (table["metric"] == "ratio_rollouts")]["difference"].iloc[0]
    assert shown == pytest.approx(100 * kept)


def test_forest_pools_cells_within_a_seed(frames):
    """At the bottom a row of all cells: per seed the mean over them, and the t-interval over seeds."""
    points = forest_points(frames)
    assert list(points["model"].unique()) == ["small", POOLED]
    first = points[points["model"] == POOLED].iloc[0]
    assert (first["model"], first["metric"], first["num_seeds"]) == (POOLED, "ratio_rollouts", 3)
    pairs = paired_values(frames).query("metric == 'ratio_rollouts'")
    per_seed = (pairs["arm_value"] - pairs["baseline_value"]).groupby(pairs["seed"]).mean()
    found = mean_interval(per_seed)
    assert [first[name] / 100 for name in ("difference", "ci_low", "ci_high")] == pytest.approx(
        [found.mean, found.low, found.high]
    )


def test_pooling_leaves_out_seeds_without_all_cells(frames):
    """A mean over other cells would be another quantity; one cell alone has nothing to pool."""
    kept = frames.evals.query("not (seed == 2 and budget == 4)")
    pooled = pooled_differences(dataclasses.replace(frames, evals=kept), ["accuracy/average", "ratio_prompts"])
    assert dict(zip(pooled["metric"], pooled["num_seeds"], strict=True)) == {"accuracy/average": 2, "ratio_prompts": 3}
    assert pooled_differences(of_cell(frames, ("small", 8)), ["ratio_prompts"]).empty
