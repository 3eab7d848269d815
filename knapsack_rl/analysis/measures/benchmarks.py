"""Held-out accuracy: avg@k and pass@k of every run, checkpoint and benchmark."""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.parts import codes_of, first_rows
from knapsack_rl.analysis.frames.remember import once_per_frame
from knapsack_rl.analysis.frames.schemas import ARM_KEYS, CELL_KEYS, RUN_KEYS
from knapsack_rl.analysis.inference.periods import at_last_step
from knapsack_rl.analysis.inference.stats import Interval, avg_at_k, bootstrap_over_problems, pass_at_k
from knapsack_rl.base.arrays import FloatArray

AVERAGE = "average"
"""Name of the unweighted mean over benchmarks in the ``benchmark`` column."""

REACHED = "budget_reached"
"""Column of the evaluations: whether a run generated the budget that was to end it (`train.stop`)."""

SCORES = ("avg_at_k", "pass_at_k")


def common_k(evals: pd.DataFrame) -> int:
    """Fewest samples of any problem: the one k for which pass@k can be compared throughout."""
    return int(evals["num_samples"].min())


@once_per_frame
def benchmark_scores(evals: pd.DataFrame) -> pd.DataFrame:
    """avg@k and pass@k per run, checkpoint and benchmark, and their mean over benchmarks as ``average``.

    avg@k is the mean over problems of the share of right samples; it is also the unbiased pass@1. pass@k uses the k
    of ``common_k``. Every benchmark has equal weight in the average, whatever its size.

    Args:
        evals: columns of ``TIDY_EVALS``.

    Returns:
        ``RUN_KEYS``, ``step, benchmark, num_problems, k, avg_at_k, pass_at_k``; the average follows the benchmarks.
        ``budget_reached`` where runs of the study end at a budget.
    """
    k = common_k(evals)
    keys = [*RUN_KEYS, *_told(evals), "step"]
    per_benchmark = _per_benchmark(evals, k)
    average = per_benchmark.groupby(keys, sort=False, dropna=False).agg(
        num_problems=("num_problems", "sum"), avg_at_k=("avg_at_k", "mean"), pass_at_k=("pass_at_k", "mean")
    )
    average = average.reset_index().assign(benchmark=AVERAGE)
    return pd.concat([per_benchmark, average], ignore_index=True).assign(k=k)


def _told(evals: pd.DataFrame) -> tuple[str, ...]:
    """The column that says of runs with a budget whether they generated it; none where no run has a budget."""
    return (REACHED,) if REACHED in evals and evals[REACHED].notna().any() else ()


def _per_benchmark(evals: pd.DataFrame, k: int) -> pd.DataFrame:
    """Mean scores per run, checkpoint and benchmark; problems with equal counts are scored once."""
    pair_Q, _ = codes_of(evals, ["num_correct", "num_samples"])
    correct_M, samples_M = (evals[name].to_numpy()[first_rows(pair_Q)] for name in ("num_correct", "num_samples"))
    code_Q, num = codes_of(evals, ["run_id", "step", "benchmark"])
    num_problems = np.bincount(code_Q, minlength=num)
    keyed = evals[[*RUN_KEYS, *_told(evals), "step", "benchmark"]].iloc[first_rows(code_Q)].reset_index(drop=True)
    keyed = keyed.astype(dict.fromkeys((*RUN_KEYS[:4], "benchmark"), "str")).assign(num_problems=num_problems)
    scores = {"avg_at_k": avg_at_k(correct_M, samples_M), "pass_at_k": pass_at_k(correct_M, samples_M, k=k)}
    sums = {name: np.bincount(code_Q, weights=score_M[pair_Q], minlength=num) for name, score_M in scores.items()}
    return keyed.assign(**{name: total / num_problems for name, total in sums.items()})


def final_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Rows at the checkpoint at which the runs of a cell (model, budget) are compared: the last that all share.

    Runs of a cell may be evaluated at different steps when their configuration is overridden; comparing each run's
    own last checkpoint would then compare unequal training. Step 0, the base model, is always shared.

    In a cell whose runs end at a budget (`train.stop`) it is each run's own last: equal spending is what its runs have
    in common, and not steps. Their ``step`` is then the largest of the arm's runs.
    """
    shared = scores.merge(last_common_step(scores), on=[*CELL_KEYS, "step"])
    if not _told(scores):
        return shared
    by_cell = [*CELL_KEYS]
    stops = scores[REACHED].notna().groupby([scores[key] for key in by_cell], observed=True).transform("any")
    ends = at_last_step(scores[stops])
    ends = ends.assign(step=ends.groupby([*by_cell, "arm"], observed=True)["step"].transform("max"))
    cells = scores.loc[~stops, by_cell].drop_duplicates()
    return pd.concat([ends, shared.merge(cells, on=by_cell)], ignore_index=True)


def last_common_step(scores: pd.DataFrame) -> pd.DataFrame:
    """``model, budget, step``: the last step evaluated in every run of the cell; a cell without one has no row."""
    evaluated = scores[["run_id", *CELL_KEYS, "step"]].drop_duplicates()
    num_runs = evaluated.groupby(list(CELL_KEYS))["run_id"].transform("nunique")
    in_runs = evaluated.groupby([*CELL_KEYS, "step"])["run_id"].transform("nunique")
    shared = evaluated[num_runs == in_runs]
    return shared.groupby(list(CELL_KEYS), sort=False)["step"].max().reset_index()


def run_accuracy_interval(evals_of_run: pd.DataFrame) -> Interval:
    """Average accuracy over benchmarks of one checkpoint of one run, bootstrapped: within one run, over problems.

    Args:
        evals_of_run: rows of ``TIDY_EVALS`` of a single run and step.
    """
    scores: list[FloatArray] = [
        avg_at_k(rows["num_correct"].to_numpy(), rows["num_samples"].to_numpy())
        for _, rows in evals_of_run.groupby("benchmark", sort=True)
    ]
    return bootstrap_over_problems(scores)


def base_accuracy(scores: pd.DataFrame, *, score: str = "avg_at_k") -> pd.DataFrame:
    """Score of the untrained model (step 0) per cell and benchmark, mean over the cell's runs.

    Runs of one seed start from one model and are evaluated with one seed, so that arms do not differ here; where each
    seed has a base model of its own it is the mean over these. Columns ``model, budget, benchmark`` and ``score``.
    """
    start = scores[scores["step"] == 0]
    if start.empty:
        return pd.DataFrame({"model": [], "budget": [], "benchmark": [], score: np.empty(0)})
    return start.groupby([*CELL_KEYS, "benchmark"], sort=False)[score].mean().reset_index()


def score_values(evals: pd.DataFrame) -> pd.DataFrame:
    """avg@k of every run on average and per benchmark, and pass@k on average, at the checkpoint of ``final_scores``.

    Returns:
        Long: ``ARM_KEYS, seed, step, metric, value`` with the metrics of ``differences``.
    """
    final = final_scores(benchmark_scores(evals))
    average, single = final[final["benchmark"] == AVERAGE], final[final["benchmark"] != AVERAGE]
    parts = [
        average.assign(metric=f"accuracy/{AVERAGE}", value=average["avg_at_k"]),
        single.assign(metric="accuracy/" + single["benchmark"], value=single["avg_at_k"]),
        average.assign(metric=f"pass_at_k/{AVERAGE}", value=average["pass_at_k"]),
    ]
    return pd.concat(parts, ignore_index=True)[[*ARM_KEYS, "seed", "step", "metric", "value"]]
