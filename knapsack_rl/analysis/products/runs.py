"""One row per run, and the problem sets the study was trained and evaluated on."""

import pandas as pd

from knapsack_rl.analysis.frames.schemas import RUN_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.periods import at_last_step
from knapsack_rl.analysis.measures.benchmarks import AVERAGE, REACHED, benchmark_scores, run_accuracy_interval
from knapsack_rl.analysis.measures.ratios import run_summary
from knapsack_rl.analysis.measures.spent import BELIEF_COST
from knapsack_rl.analysis.products.zero_gradient import SHARES
from knapsack_rl.records import WALL_CLOCK_COLUMNS

BUDGET_NOT_REACHED = "budget not reached"
"""A run took all of its steps before it had generated the budget that was to end it."""


def runs_table(frames: StudyFrames) -> pd.DataFrame:
    """One row per run: accuracy at its own last checkpoint, ratios, what was spent, and seconds per phase.

    ``ended`` says what ended it: all of its ``steps``, its ``budget``, or all of its steps before it had spent the
    budget (``BUDGET_NOT_REACHED``).

    ``accuracy_low`` and ``accuracy_high`` are a 95% bootstrap within the run, over problems; they say nothing about
    other seeds. The ratios are means from the second visit on, NaN for a run without one.
    """
    scores = benchmark_scores(frames.evals)
    average = scores[scores["benchmark"] == AVERAGE].sort_values("step", kind="stable")
    last = average.groupby("run_id").last()
    first = average[average["step"] == 0].groupby("run_id")["avg_at_k"].first()
    by_run = frames.steps.groupby("run_id", sort=False)
    table = frames.steps[list(RUN_KEYS)].drop_duplicates().set_index("run_id")
    table = table.assign(step=last["step"], ended=_ends(scores), base_accuracy=first, accuracy=last["avg_at_k"])
    table = table.join(_accuracy_intervals(frames.evals))
    table = table.assign(k=last["k"], pass_at_k=last["pass_at_k"])
    table = table.join(run_summary(frames.steps)[list(SHARES)])
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


def _ends(scores: pd.DataFrame) -> "pd.Series[str]":
    """What ended each run, by run id."""
    reached = scores.groupby("run_id")[REACHED].first() if REACHED in scores else pd.Series(dtype=object)
    words = {True: "budget", False: BUDGET_NOT_REACHED}
    ids = pd.Index(scores["run_id"].unique(), name="run_id")
    return reached.map(words).reindex(ids).fillna("steps")


def data_table(frames: StudyFrames) -> pd.DataFrame:
    """Problems before and after every step of the data preparation, and benchmark problems that are trained on."""
    return frames.data.copy()


def _accuracy_intervals(evals: pd.DataFrame) -> pd.DataFrame:
    of_run = at_last_step(evals).groupby("run_id", sort=False)
    found = {run_id: run_accuracy_interval(rows) for run_id, rows in of_run}
    bounds = {run_id: (interval.low, interval.high) for run_id, interval in found.items()}
    return pd.DataFrame.from_dict(bounds, orient="index", columns=["accuracy_low", "accuracy_high"])
