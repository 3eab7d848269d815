"""One run's rows of the tidy frames, as Arrow tables: text as dictionaries, for a paper-size run has 256,000 groups."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from knapsack_rl.analysis.frames.parts import codes_of, first_rows
from knapsack_rl.analysis.frames.schemas import FINISHED, RUN_KEYS, TIDY_EVALS, TIDY_GROUPS, TIDY_PROBES, TIDY_STEPS
from knapsack_rl.analysis.frames.step_facts import add_step_facts
from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import RunPaths, StudyPaths
from knapsack_rl.config import RunConfig, parse_run
from knapsack_rl.records import EVALS, GROUPS, PROBES, STEPS, num_parameters, read_table
from knapsack_rl.records.prompts import read_overlaps

_SUMS = {"reward": "num_correct", "truncated": "num_truncated", "num_response_tokens": "num_response_tokens"}


@dataclass(frozen=True, slots=True)
class RunRows:
    """One run's rows, in the schemas of the frames."""

    steps: pa.Table
    groups: pa.Table
    evals: pa.Table
    probes: pa.Table
    facts: dict[str, Any]


def read_run(paths: RunPaths) -> RunRows:
    """Read one run's records and count what its frames hold.

    Raises:
        InputError: a file is missing, damaged or lacks a column, or a step has no groups.
        ConfigError: `config.json` is no run configuration.
    """
    config = _read_config(paths.folder / "config.json")
    steps_path, groups_path = paths.steps, paths.groups
    steps, groups = read_table(steps_path, STEPS).to_pandas(), read_table(groups_path, _as_categories(GROUPS))
    numbers: pd.DataFrame = groups.drop_columns(["prompt_id", "kind"]).to_pandas()
    lost = sorted(set(steps["step"]) - set(numbers["step"]))
    if lost:
        raise InputError(f"{groups_path}: step {lost[0]} of steps.parquet has no groups; publish the run again")
    benchmarks = StudyPaths(results=paths.study, figures=paths.study).problems(config.problem_set).benchmarks
    evals = _with_overlaps(_per_problem(paths.evals), benchmarks)
    facts = pa.Table.from_pandas(add_step_facts(steps, numbers), preserve_index=False)
    return RunRows(
        steps=_with_keys(facts, config, schema=TIDY_STEPS),
        groups=_with_keys(groups, config, schema=TIDY_GROUPS),
        evals=_with_keys(_with_budget(evals, _budget_reached(steps, config)), config, schema=TIDY_EVALS),
        probes=_with_keys(_per_prompt(paths.probe), config, schema=TIDY_PROBES),
        facts=_facts(paths, config),
    )


def _facts(paths: RunPaths, config: RunConfig) -> dict[str, Any]:
    study = StudyPaths(results=paths.study, figures=paths.study)
    model = study.base_model(config.model.path, config.base_folder)
    return _keys(config) | {
        "status": FINISHED,
        "config": json.dumps(config.model_dump(mode="json"), sort_keys=True),
        "num_parameters": num_parameters(model) or num_parameters(paths.weights(0)),
        "num_gpus": _num_gpus(paths.manifest),
    }


def _num_gpus(manifest: Path) -> int | None:
    """What the run's manifest says; None where there is none, or one of before it was recorded."""
    if not manifest.is_file():
        return None
    try:
        known = json.loads(manifest.read_text(encoding="utf-8")).get("num_gpus")
        return None if known is None else int(known)
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{manifest}: is not a manifest ({error}); delete it, which leaves the run without GPU-seconds,"
            " or train this run again"
        ) from None


def _read_config(path: Path) -> RunConfig:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); train this run first") from None
    return parse_run(text, source=str(path))


def _keys(config: RunConfig) -> dict[str, Any]:
    return {
        "run_id": config.run_id,
        "model": config.model_label,
        "arm": config.arm_name,
        "strategy": config.arm.strategy,
        "budget": config.budget,
        "seed": config.seed,
    }


def _with_keys(table: pa.Table, config: RunConfig, *, schema: pa.Schema) -> pa.Table:
    """``table`` with the run's keys before it, in ``schema``."""
    keys = _keys(config)
    columns = [
        _constant(keys[field.name], len(table), kind=field.type)
        if field.name in RUN_KEYS
        else _of_type(table[field.name], field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _constant(value: object, size: int, *, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(size, dtype=np.int32)), pa.array([value], pa.string()))
    return pa.repeat(pa.scalar(value, kind), size)


def _of_type(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    encode = pa.types.is_dictionary(kind) and not pa.types.is_dictionary(column.type)
    return column.dictionary_encode() if encode else column.cast(kind)


def _per_problem(path: Path) -> pa.Table:
    """Samples counted per checkpoint and problem; an evaluation file holds one row per sample."""
    keys = ["step", "benchmark", "problem_id", "kind"]
    samples = read_table(path, _as_categories(EVALS.field(name) for name in (*keys, *_SUMS)))
    return _counted(samples, keys, sums=list(_SUMS))


def _per_prompt(path: Path) -> pa.Table:
    """Samples of the probe counted per checkpoint and prompt; a run evaluated before there were probes has no file."""
    keys = ["step", "prompt_id", "kind"]
    wanted = _as_categories(PROBES.field(name) for name in (*keys, "reward"))
    samples = read_table(path, wanted) if path.exists() else wanted.empty_table()
    return _counted(samples, keys, sums=["reward"])


def _counted(samples: pa.Table, keys: Sequence[str], *, sums: Sequence[str]) -> pa.Table:
    """Rows and sums per combination of keys, in order of appearance."""
    samples = samples.unify_dictionaries()
    frame: pd.DataFrame = samples.to_pandas()
    code_R, num = codes_of(frame, keys)
    counted = {"num_samples": np.bincount(code_R, minlength=num)}
    for name in sums:
        counted[_SUMS[name]] = np.bincount(code_R, weights=frame[name], minlength=num).astype(np.int64)
    found = samples.select(keys).take(first_rows(code_R))
    for name, column in counted.items():
        found = found.append_column(name, pa.array(column))
    return found


def _as_categories(fields: Iterable[pa.Field]) -> pa.Schema:
    """The fields with text as categories, so that millions of rows do not each carry a text."""
    kind = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([field.with_type(kind) if field.type == pa.string() else field for field in fields])


def _budget_reached(steps: pd.DataFrame, config: RunConfig) -> bool | None:
    """Whether the run has generated the budget that was to end it; None without one."""
    stop = config.train.stop
    return None if stop is None else bool(steps[stop.axis].sum() >= stop.limit)


def _with_budget(evals: pa.Table, reached: bool | None) -> pa.Table:  # noqa: FBT001 - a value
    return evals.append_column("budget_reached", pa.array([reached] * len(evals), pa.bool_()))


def _with_overlaps(evals: pa.Table, path: Path) -> pa.Table:
    """How far each benchmark problem overlaps the training set; null where that was not looked for."""
    known = read_overlaps(path) if path.is_file() else {}
    if not known:
        return evals.append_column("overlap", pa.nulls(len(evals), pa.string()))
    pairs = zip(evals["benchmark"].to_pylist(), evals["problem_id"].to_pylist(), strict=True)
    return evals.append_column("overlap", pa.array([known.get(pair) for pair in pairs], pa.string()))
