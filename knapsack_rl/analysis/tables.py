"""The result tables, each a function of the tidy frames. Numbers are full precision here; ``present`` rounds."""

import pandas as pd

from knapsack_rl.analysis.benchmarks import (
    AVERAGE,
    SCORES,
    base_accuracy,
    benchmark_scores,
    final_scores,
    run_accuracy_interval,
)
from knapsack_rl.analysis.compute import accuracy_curves, mean_curves
from knapsack_rl.analysis.frames import ARM_KEYS, CELL_KEYS, RUN_KEYS, StudyFrames, in_grid_order
from knapsack_rl.analysis.paper_layout import paper_layout
from knapsack_rl.analysis.periods import by_period, period_means
from knapsack_rl.analysis.spent import BELIEF_COST
from knapsack_rl.analysis.stats import seed_means
from knapsack_rl.analysis.zero_gradient import run_summary
from knapsack_rl.records import WALL_CLOCK_COLUMNS

BASE_MODEL = "base model"
"""Arm name of the rows that describe the model before training."""

_SHARES = ("ratio_rollouts", "ratio_prompts", "all_correct_prompts", "all_wrong_prompts")


def zero_gradient_table(frames: StudyFrames) -> pd.DataFrame:
    """Both effective-gradient ratios and the two kinds of zero-gradient prompt, per arm and period of training.

    Periods: the first and last quarter of all steps, and the steps from the second visit on (a cell none of whose
    runs has such a step shows NaN there). ``max_rollouts`` is the most rollouts any prompt got in the period, over
    all seeds; ``first_step`` and ``last_step`` say where the period lies.
    """
    means = period_means(frames.steps, _SHARES)
    most = {
        period: steps.groupby(["model", "budget", "arm"])["max_rollouts"].max().astype("Int64")
        for period, steps in by_period(frames.steps).items()
    }
    largest = pd.concat(most, names=["period"]).rename("max_rollouts")
    span = ["max_rollouts", "first_step", "last_step"]
    table = means.join(largest, on=["period", "model", "budget", "arm"])
    return in_grid_order(table[[*(column for column in table if column not in span), *span]], frames.steps)


def benchmarks_table(frames: StudyFrames) -> pd.DataFrame:
    """avg@k and pass@k of every benchmark and their average, per arm: means over seeds with t-intervals.

    Taken at the last checkpoint that all runs of the cell share (``step``). Each cell starts with the base model,
    step 0: one for all seeds, or the mean over those of the seeds; it is not compared and has no interval.

    Returns:
        ``model, budget, arm, step, num_seeds, k`` and ``<score>/<benchmark>`` with ``_low`` and ``_high``.
    """
    scores = benchmark_scores(frames.evals)
    names = list(scores["benchmark"].unique())
    keys = [*ARM_KEYS, "step", "k"]
    final = _wide_scores(final_scores(scores), [*RUN_KEYS, "step", "k"])
    values = [column for column in final.columns if "/" in column]
    trained = seed_means(final, keys, values=values).drop(columns="strategy")
    bases = [base_accuracy(scores, score=score).rename(columns={score: "value"}) for score in SCORES]
    base = pd.concat([part.assign(score=score) for part, score in zip(bases, SCORES, strict=True)])
    base = _pivot(base.assign(column=base["score"] + "/" + base["benchmark"]), list(CELL_KEYS))
    base = base.assign(arm=BASE_MODEL, step=0, k=scores["k"].iloc[0])
    lead = [*CELL_KEYS, "arm", "step", "num_seeds", "k"]
    shown = [f"{score}/{name}{end}" for score in SCORES for name in names for end in ("", "_low", "_high")]
    table = pd.concat([base, trained.astype({"num_seeds": "Int64"})], ignore_index=True)[[*lead, *shown]]
    return in_grid_order(table, like=pd.concat([base[lead[:3]], frames.steps[lead[:3]]]))


def _wide_scores(scores: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    long = scores.melt([*keys, "benchmark"], list(SCORES), var_name="score")
    return _pivot(long.assign(column=long["score"] + "/" + long["benchmark"]), keys)


def _pivot(long: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """One row per ``keys``, in order of appearance, and one column per value of ``column``."""
    order = long[keys].drop_duplicates()
    wide = long.pivot_table(index=keys, columns="column", values="value", sort=False).reset_index()
    return order.merge(wide, on=keys).rename_axis(columns=None)


def paper_layout_table(frames: StudyFrames) -> pd.DataFrame:
    """The same numbers as papers print them; see ``paper_layout``."""
    return paper_layout(benchmarks_table(frames), frames)


def compute_table(frames: StudyFrames) -> pd.DataFrame:
    """Points of the compute-matched curves: what was spent and the average accuracy, per arm and checkpoint."""
    curves = mean_curves(accuracy_curves(frames))
    return in_grid_order(curves.drop(columns="strategy"), frames.steps)


def runs_table(frames: StudyFrames) -> pd.DataFrame:
    """One row per run: accuracy at its own last checkpoint, ratios, what was spent, and seconds per phase.

    ``accuracy_low`` and ``accuracy_high`` are a 95% bootstrap within the run, over problems; they say nothing about
    other seeds. The ratios are means from the second visit on, NaN for a run without one.
    """
    scores = benchmark_scores(frames.evals)
    average = scores[scores["benchmark"] == AVERAGE].sort_values("step", kind="stable")
    last = average.groupby("run_id").last()
    first = average[average["step"] == 0].groupby("run_id")["avg_at_k"].first()
    by_run = frames.steps.groupby("run_id", sort=False)
    table = frames.steps[list(RUN_KEYS)].drop_duplicates().set_index("run_id")
    table = table.assign(step=last["step"], base_accuracy=first, accuracy=last["avg_at_k"])
    table = table.join(_accuracy_intervals(frames.evals))
    table = table.assign(k=last["k"], pass_at_k=last["pass_at_k"])
    table = table.join(run_summary(frames.steps)[list(_SHARES)])
    spent = by_run[
        [
            "num_rollouts",
            "num_successes",
            "num_cut_off",
            "num_no_answer",
            "num_response_tokens",
            "num_updated_tokens",
            BELIEF_COST,
        ]
    ].sum()
    return table.join(spent).join(by_run[list(WALL_CLOCK_COLUMNS)].sum()).reset_index()


def data_table(frames: StudyFrames) -> pd.DataFrame:
    """Problems before and after every step of the data preparation, and benchmark problems that are trained on."""
    return frames.data.copy()


def _accuracy_intervals(evals: pd.DataFrame) -> pd.DataFrame:
    final = evals[evals["step"] == evals.groupby("run_id")["step"].transform("max")]
    found = {run_id: run_accuracy_interval(rows) for run_id, rows in final.groupby("run_id", sort=False)}
    bounds = {run_id: (interval.low, interval.high) for run_id, interval in found.items()}
    return pd.DataFrame.from_dict(bounds, orient="index", columns=["accuracy_low", "accuracy_high"])
