"""Accuracy against what was spent to get it: rollouts, response tokens, floating-point operations, seconds.

Equal rollouts are not equal compute: hard prompts have longer answers, so an allocator that favours them spends more
tokens, and a step with more mixed groups updates on more of them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from knapsack_rl.analysis.frames.schemas import ARM_KEYS, RUN_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.stats import seed_means
from knapsack_rl.analysis.measures.benchmarks import AVERAGE, REACHED, benchmark_scores
from knapsack_rl.analysis.measures.spent import AXES, SPENT, TOKENS, TOTAL_BELIEF_COST, add_spent
from knapsack_rl.base.arrays import FloatArray

SHOWN = (*AXES, TOTAL_BELIEF_COST)
"""Totals in the table of curves."""


def accuracy_curves(frames: StudyFrames) -> pd.DataFrame:
    """Average accuracy of every run at each checkpoint, with what had been spent by then.

    Returns:
        ``RUN_KEYS``, ``step``, the running totals of ``SPENT``, ``accuracy`` (0..1), in step order within a run.
        Step 0, the base model, has spent nothing. Checkpoints of steps that were not trained are left out. Totals
        that are not known (operations of a model of unknown size) are NaN, at step 0 too. ``budget_reached`` where
        runs of the study end at a budget.
    """
    steps, evals = add_spent(frames.steps, frames.runs), frames.evals
    scores = benchmark_scores(evals)
    told = [REACHED] if REACHED in scores else []
    average = scores.loc[scores["benchmark"] == AVERAGE, [*RUN_KEYS, "step", *told, "avg_at_k"]]
    spent = steps[["run_id", "step", *SPENT]]
    start = spent.groupby("run_id", sort=False).first().mul(0).reset_index()
    curves = average.merge(pd.concat([start, spent], ignore_index=True), on=["run_id", "step"])
    order = {run_id: rank for rank, run_id in enumerate(evals["run_id"].unique())}
    curves = curves.assign(rank=curves["run_id"].map(order)).sort_values(["rank", "step"], ignore_index=True)
    return curves.rename(columns={"avg_at_k": "accuracy"}).drop(columns="rank")


def mean_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds at every checkpoint that all seeds of an arm share, with 95% t-intervals of the accuracy.

    Where runs end at a budget their ends are one point, whose ``step`` is the largest of the seeds'.

    Returns:
        ``model, budget, arm, strategy, step, num_seeds``, the totals of ``AXES`` and a belief's own (means over seeds),
        ``accuracy, accuracy_low, accuracy_high``. Step 0 is one evaluation of the base model that all seeds share, so
        it has no interval over seeds.
    """
    curves = _ends_together(curves)
    num_runs = curves.groupby(list(ARM_KEYS))["run_id"].transform("nunique")
    at_step = curves.groupby([*ARM_KEYS, "step"])["run_id"].transform("nunique")
    shared = curves[num_runs == at_step]
    means = seed_means(shared, [*ARM_KEYS, "step"], values=[*SHOWN, "accuracy"])
    spare = [f"{axis}_{end}" for axis in SHOWN for end in ("low", "high")]
    means.loc[means["step"] == 0, ["accuracy_low", "accuracy_high"]] = np.nan
    return means.drop(columns=spare)


def _ends_together(curves: pd.DataFrame) -> pd.DataFrame:
    """The curves with one name for the ends of an arm's runs that end at a budget; a checkpoint there gives way."""
    if REACHED not in curves:
        return curves
    last = curves.groupby("run_id")["step"].transform("max")
    end = last.groupby([curves[key] for key in ARM_KEYS]).transform("max")
    at_end = curves[REACHED].notna() & (curves["step"] == last)
    return curves.assign(step=curves["step"].mask(at_end, end))


def interpolate(at: ArrayLike, *, xs: ArrayLike, ys: ArrayLike) -> FloatArray:
    """Linear interpolation of a curve that refuses to extrapolate.

    Args:
        at: where to evaluate.
        xs: increasing abscissae of the known points.
        ys: their values, same shape.

    Returns:
        Values at ``at``; NaN outside ``xs[0]..xs[-1]`` and everywhere for an empty curve.

    Raises:
        ValueError: ``xs`` is not strictly increasing.
    """
    where, known_xs, known_ys = (np.asarray(values, dtype=np.float64) for values in (at, xs, ys))
    if (np.diff(known_xs) <= 0).any():
        raise ValueError("the points of a curve must have strictly increasing abscissae")
    if known_xs.size == 0:
        return np.full(where.shape, np.nan)
    return np.asarray(np.interp(where, known_xs, known_ys, left=np.nan, right=np.nan))


def first_reached(target: float, *, xs: ArrayLike, ys: ArrayLike) -> float:
    """Where a curve first reaches ``target``, by linear interpolation between its points; NaN where it never does.

    Args:
        target: a value of the curve.
        xs: increasing abscissae of the known points.
        ys: their values, same shape; need not rise.

    Returns:
        The abscissa, ``xs[0]`` for a curve that starts at or above the target. Never beyond ``xs[-1]``.
    """
    known_xs, known_ys = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    there = np.flatnonzero(known_ys >= target)
    if there.size == 0:
        return np.nan
    at = int(there[0])
    if at == 0:
        return float(known_xs[0])
    share = (target - known_ys[at - 1]) / (known_ys[at] - known_ys[at - 1])
    return float(known_xs[at - 1] + share * (known_xs[at] - known_xs[at - 1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Two curves at an equal amount of compute.

    Example: ``Match(at=120_000.0, treated=0.52, baseline=0.50)``.
    """

    at: float
    """Largest amount both curves have reached."""
    treated: float
    """Accuracy of the first curve there."""
    baseline: float
    """Accuracy of the second."""


def match_at_equal_compute(treated: pd.DataFrame, baseline: pd.DataFrame, *, axis: str = TOKENS) -> Match:
    """Accuracy of two runs where both have spent the same: the largest amount on ``axis`` that both reached.

    Args:
        treated: rows of one run from ``accuracy_curves``, in step order.
        baseline: the same of the other run.
        axis: one of ``SPENT``.
    """
    if treated.empty or baseline.empty:
        return Match(at=np.nan, treated=np.nan, baseline=np.nan)
    at = float(min(treated[axis].max(), baseline[axis].max()))
    first, second = (
        float(interpolate(at, xs=curve[axis].to_numpy(), ys=curve["accuracy"].to_numpy()))
        for curve in (treated, baseline)
    )
    return Match(at=at, treated=first, baseline=second)
