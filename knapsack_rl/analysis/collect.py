"""From the records of single runs to the tidy frames of a study."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.zero_gradient import add_step_facts
from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import RunPaths
from knapsack_rl.config import RunConfig, parse_run
from knapsack_rl.records import EVALS, GROUPS, STEPS, read_table


def collect(study_results: Path, run_ids: Sequence[str]) -> StudyFrames:
    """Read the published records and evaluations of ``run_ids`` below ``results/<study>``.

    Raises:
        InputError: no run is given, or a file or column is missing.
        ConfigError: a ``config.json`` is not a run configuration.
    """
    if not run_ids:
        raise InputError(f"{study_results}: no runs to analyse; name at least one run id")
    runs = [_read_run(RunPaths(study_results, run_id)) for run_id in run_ids]
    return StudyFrames(
        steps=pd.concat([run.steps for run in runs], ignore_index=True),
        groups=pd.concat([run.groups for run in runs], ignore_index=True),
        evals=pd.concat([run.evals for run in runs], ignore_index=True),
    )


def _read_run(paths: RunPaths) -> StudyFrames:
    config = _read_config(paths.folder / "config.json")
    steps_path, groups_path = paths.folder / "steps.parquet", paths.folder / "groups.parquet"
    steps = read_table(steps_path, STEPS).to_pandas()
    groups = read_table(groups_path, GROUPS).to_pandas()
    lost = sorted(set(steps["step"]) - set(groups["step"]))
    if lost:
        raise InputError(f"{groups_path}: step {lost[0]} of steps.parquet has no groups; publish the run again")
    return StudyFrames(
        steps=_with_keys(add_step_facts(steps, groups), config),
        groups=_with_keys(groups, config),
        evals=_with_keys(_per_problem(paths.evals), config),
    )


def _read_config(path: Path) -> RunConfig:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); train this run first") from None
    return parse_run(text, source=str(path))


def _with_keys(frame: pd.DataFrame, config: RunConfig) -> pd.DataFrame:
    keys = {
        "run_id": config.run_id,
        "model": config.model_name,
        "arm": config.arm_name,
        "strategy": config.arm.strategy,
        "budget": config.budget,
        "seed": config.seed,
    }
    return pd.concat([pd.DataFrame(keys, index=frame.index), frame], axis=1)


def _per_problem(path: Path) -> pd.DataFrame:
    """Samples counted per checkpoint and problem; an evaluation file holds one row per sample."""
    samples: pd.DataFrame = read_table(path, EVALS).to_pandas()
    counted = samples.groupby(["step", "benchmark", "problem_id", "kind"], sort=False).agg(
        num_samples=("reward", "size"),
        num_correct=("reward", "sum"),
        num_truncated=("truncated", "sum"),
        num_response_tokens=("num_response_tokens", "sum"),
    )
    return counted.reset_index()
