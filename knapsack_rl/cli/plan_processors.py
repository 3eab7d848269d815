"""`knapsack-rl plan --hardware cpu`: what a study takes on this machine's processors, measured on the spot."""

import os
from collections.abc import Mapping, Sequence

from knapsack_rl.config import RunConfig, StudyConfig
from knapsack_rl.study.plan import count_benchmark_problems
from knapsack_rl.study.processor_time import (
    RESULTS_S,
    UPDATED_SHARE,
    Lengths,
    ProcessorPlan,
    ProcessorRow,
    ProcessorSpeed,
    ProcessorTime,
    plan_processors,
)

HEADER = ("model", "N", "runs", "start min", "sample min", "update min", "evaluate min", "core min")


def processor_table(
    study: StudyConfig, runs: Mapping[str, RunConfig], *, cores: int | None, assumed: Lengths, updated: float | None
) -> tuple[list[list[str]], Sequence[str]]:
    """Rows of the table, and what is said below it.

    Args:
        study: the study.
        runs: its runs by id.
        cores: processes at once; None: one per core.
        assumed: lengths of texts for a task without demonstrations.
        updated: share of rollouts with an advantage other than 0; None: ``UPDATED_SHARE``.

    Raises:
        InputError: a model is not there, so its speed cannot be measured.
    """
    from knapsack_rl.preflight.processor_speed import measure_speeds

    share, cores = updated or UPDATED_SHARE, cores or os.cpu_count() or 1
    speeds = measure_speeds(_largest(runs), cores=cores, assumed=assumed)
    problems = count_benchmark_problems(study.task)
    plan = plan_processors(runs, speeds=speeds, num_problems=problems, updated_share=share)
    return [_cells(row) for row in plan.rows] + _sums(plan), _statements(plan, speeds, cores=cores, share=share)


def _largest(runs: Mapping[str, RunConfig]) -> dict[str, RunConfig]:
    """Of each model the run with the largest step."""
    found: dict[str, RunConfig] = {}
    for run in runs.values():
        known = found.get(run.model_name)
        if known is None or run.rollouts_per_step > known.rollouts_per_step:
            found[run.model_name] = run
    return found


def _cells(row: ProcessorRow) -> list[str]:
    return [row.model, str(row.budget), str(row.num_runs), *_minutes(row.time)]


def _minutes(time: ProcessorTime) -> list[str]:
    return [f"{each / 60:.1f}" for each in (time.start_s, time.sample_s, time.update_s, time.evaluate_s, time.total_s)]


def _sums(plan: ProcessorPlan) -> list[list[str]]:
    total = sum((row.time for row in plan.rows), ProcessorTime())
    blank = [""] * 6
    return [
        ["base models", *blank, f"{plan.base_models_s / 60:.1f}"],
        ["tables, figures, report", *blank, f"{RESULTS_S / 60:.1f}"],
        ["all", "", str(sum(row.num_runs for row in plan.rows)), *_minutes(total)[:-1], f"{plan.total_s / 60:.1f}"],
    ]


def _statements(
    plan: ProcessorPlan, speeds: Mapping[str, ProcessorSpeed], *, cores: int, share: float
) -> Sequence[str]:
    measured = [
        f"- {name}: {1000 * speed.decode_step_s:.2g} ms a decoding step and {1e6 * speed.decode_row_s:.2g} us for each"
        f" response in it, {1e6 * speed.update_token_s:.3g} us a token updated, prompts of {speed.lengths.prompt:.0f}"
        f" and responses of {speed.lengths.response:.0f} tokens;"
        for name, speed in speeds.items()
    ]
    return [
        f"About {plan.total_s / 60 / cores:.0f} minutes on {cores} core{'s' * (cores > 1)} with nothing else to do.",
        "",
        f"Measured here in seconds, {cores} processes at once, models with random weights, the trainer's own code:",
        *measured,
        "Assumed:",
        f"- {share:.0%} of the rollouts updated (--updated-share); a training run and its evaluation are one process;",
        f"- {RESULTS_S:.0f} s of preparation, tables, figures, report and MLflow.",
    ]
