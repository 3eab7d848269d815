"""Numbers that MLflow shows, computed from records: per step, per checkpoint, and at the end of a run.

Live stream and sync call the same functions, so both give a metric the same name and the same meaning.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from knapsack_rl.grpo import all_correct, all_wrong, effective_ratios, has_gradient
from knapsack_rl.records import STEPS, WALL_CLOCK_COLUMNS

AVERAGE = "average"
"""Stands for the unweighted mean over benchmarks in a metric's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value of one metric.

    Example: ``Point(name="train/loss", value=0.02, step=3, time_ms=1795170000000)``.
    """

    name: str
    value: float
    step: int
    """Training step, 1-based; 0 is the base model."""
    time_ms: int
    """Milliseconds since 1970 (UTC)."""


def step_metrics(
    facts: Mapping[str, Any],
    *,
    num_successes_P: ArrayLike,
    num_rollouts_P: ArrayLike,
    num_distinct_P: ArrayLike | None = None,
) -> dict[str, float]:
    """Metrics of one training step.

    Args:
        facts: a row of ``STEPS``.
        num_successes_P: right rollouts per prompt of the step.  [P]
        num_rollouts_P: rollouts per prompt of the step.  [P]
        num_distinct_P: distinct rewards per prompt of the step, NaN where they are 0 and 1; None: everywhere.  [P]

    Returns:
        ``train/*`` and ``seconds/*``: the recorded facts; ``allocation/*``: where the rollouts went, and the shares of
        rollouts and of prompts that carry a gradient.
    """
    known = {name: facts.get(name) for name in STEPS.names if name != "step"}
    metrics = {f"{_section(name)}/{name}": float(value) for name, value in known.items() if value is not None}
    metrics["train/success_rate"] = facts["num_successes"] / max(facts["num_rollouts"], 1)
    by_rollouts, by_prompts = effective_ratios(num_successes_P, num_rollouts_P, num_distinct_P=num_distinct_P)
    equal_P = ~has_gradient(num_successes_P, num_rollouts_P, num_distinct_P=num_distinct_P)
    metrics["allocation/ratio_rollouts"] = by_rollouts
    metrics["allocation/ratio_prompts"] = by_prompts
    metrics["allocation/all_correct_prompts"] = float(np.mean(equal_P & all_correct(num_successes_P, num_rollouts_P)))
    metrics["allocation/all_wrong_prompts"] = float(np.mean(equal_P & all_wrong(num_successes_P, num_rollouts_P)))
    metrics["allocation/max_rollouts"] = float(np.max(num_rollouts_P))
    metrics["allocation/std_rollouts"] = float(np.std(np.asarray(num_rollouts_P)))
    return metrics


def _section(column: str) -> str:
    return "seconds" if column in WALL_CLOCK_COLUMNS else "train"


def training_points(steps: pa.Table, groups: pa.Table, *, end_ms: int) -> list[Point]:
    """Step metrics of a whole run; the last step is placed at ``end_ms``, the others by the recorded seconds."""
    seconds = steps["step_s"].to_numpy()
    times_ms = end_ms - np.round(1000 * (seconds.sum() - seconds.cumsum())).astype(int)
    step_of_group = groups["step"].to_numpy()
    names = ("num_successes", "num_rollouts", "num_distinct_rewards")
    successes, rollouts, distinct = (groups[name].to_numpy(zero_copy_only=False) for name in names)
    points: list[Point] = []
    for facts, time_ms in zip(steps.to_pylist(), times_ms.tolist(), strict=True):
        rows_P = step_of_group == facts["step"]
        metrics = step_metrics(
            facts,
            num_successes_P=successes[rows_P],
            num_rollouts_P=rollouts[rows_P],
            num_distinct_P=distinct[rows_P],
        )
        points += _points(metrics.items(), step=facts["step"], time_ms=time_ms)
    return points


def evaluation_points(evals: pa.Table, *, end_ms: int) -> list[Point]:
    """avg@k per checkpoint and benchmark, their mean over benchmarks, and ``final/*`` at the last checkpoint.

    avg@k is the mean over problems of the share of right samples.
    """
    by_problem = evals.group_by(["step", "benchmark", "problem_id"]).aggregate([("reward", "mean")])
    by_benchmark = by_problem.group_by(["step", "benchmark"]).aggregate([("reward_mean", "mean")])
    by_step = by_benchmark.group_by(["step"]).aggregate([("reward_mean_mean", "mean")])
    rows = by_benchmark.rename_columns(["step", "benchmark", "avg_at_k"]).to_pylist()
    rows += [{"step": row["step"], "benchmark": AVERAGE, "avg_at_k": row["reward_mean_mean_mean"]}
             for row in by_step.to_pylist()]  # fmt: skip
    last = pc.max(evals["step"]).as_py()
    points: list[Point] = []
    for row in sorted(rows, key=lambda row: (row["step"], row["benchmark"])):
        metrics = {f"eval/{row['benchmark']}/avg_at_k": row["avg_at_k"]}
        if row["step"] == last:
            metrics[f"final/{row['benchmark']}/avg_at_k"] = row["avg_at_k"]
        points += _points(metrics.items(), step=row["step"], time_ms=end_ms)
    return points


def final_points(steps: pa.Table, training: Sequence[Point], *, end_ms: int) -> list[Point]:
    """What the whole run cost, and the mean effective-gradient ratios over its steps."""
    metrics = {
        "final/total_rollouts": float(pc.sum(steps["num_rollouts"]).as_py()),
        "final/total_response_tokens": float(pc.sum(steps["num_response_tokens"]).as_py()),
        "final/total_seconds": float(pc.sum(steps["step_s"]).as_py()),
    }
    for ratio in ("ratio_rollouts", "ratio_prompts"):
        values = [point.value for point in training if point.name == f"allocation/{ratio}"]
        metrics[f"final/mean_{ratio}"] = float(np.mean(values))
    return list(_points(metrics.items(), step=pc.max(steps["step"]).as_py(), time_ms=end_ms))


def _points(metrics: Iterable[tuple[str, float]], *, step: int, time_ms: int) -> Iterator[Point]:
    return (Point(name=name, value=value, step=step, time_ms=time_ms) for name, value in metrics)
