"""From the records of single runs to the tidy frames of a study."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from knapsack_rl.analysis.frames.one_run import RunRows, read_run
from knapsack_rl.analysis.frames.schemas import FINISHED, OF_ROWS, TIDY_RUNS
from knapsack_rl.analysis.frames.study import StudyFrames, save_frame, to_frame
from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import RunPaths, StudyPaths
from knapsack_rl.records import PREPARATION, read_table, table_writer

NOT_TRAINED = "not trained"
NOT_EVALUATED = "not evaluated"

MOST_NAMED = 8
"""Runs that the log names; the ``runs`` frame has them all."""

_log = logging.getLogger(__name__)


def collect(study_results: Path, run_ids: Sequence[str]) -> StudyFrames:
    """Read the published records and evaluations of ``run_ids`` below ``results/<study>``.

    A run that is not finished is left out, named in one line of the log, and kept in the ``runs`` frame.

    Raises:
        InputError: no run is given, none is finished, or a file is damaged or lacks a column.
        ConfigError: a ``config.json`` is not a run configuration.
    """
    states = _states(study_results, run_ids)
    tables: dict[str, list[pa.Table]] = {name: [] for name in OF_ROWS}
    facts = _read(study_results, states, take=lambda name, table: tables[name].append(table))
    frames = {name: to_frame(pa.concat_tables(tables.pop(name))) for name in OF_ROWS}  # each gives up its memory
    return StudyFrames(**frames, runs=_runs_frame(facts), data=_read_preparation(study_results, facts))


def write_analysis(study_results: Path, run_ids: Sequence[str], *, folder: Path) -> None:
    """The same frames, written into ``folder`` run by run: no more than two runs are held in memory.

    Raises:
        InputError, ConfigError: as ``collect``.
        OutputError: the folder cannot be written.
    """
    states = _states(study_results, run_ids)
    with ExitStack() as stack:
        files = {name: folder / f"{name}.parquet" for name in OF_ROWS}
        writers = {
            name: stack.enter_context(table_writer(files[name], OF_ROWS[name], compression="lz4")) for name in OF_ROWS
        }
        facts = _read(study_results, states, take=lambda name, table: writers[name].write_table(table))
    save_frame("runs", _runs_frame(facts), folder=folder)
    save_frame("data", _read_preparation(study_results, facts), folder=folder)


def _states(study_results: Path, run_ids: Sequence[str]) -> dict[str, str]:
    """What each run has come to; the unfinished are named in the log."""
    if not run_ids:
        raise InputError(f"{study_results}: no runs to analyse; name at least one run id")
    states = {run_id: run_status(RunPaths(study_results, run_id)) for run_id in run_ids}
    if FINISHED not in states.values():
        raise InputError(
            f"{study_results}: none of the {len(run_ids)} runs is finished"
            f" ({run_ids[0]}: {states[run_ids[0]]}); train and evaluate at least one"
        )
    if missing := [f"{run_id} ({state})" for run_id, state in states.items() if state != FINISHED]:
        more = f", and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        named = ", ".join(missing[:MOST_NAMED]) + more
        _log.warning("%d of %d runs are left out: %s", len(missing), len(run_ids), named)
    return states


def _read(
    study_results: Path, states: Mapping[str, str], *, take: Callable[[str, pa.Table], None]
) -> list[dict[str, Any]]:
    """Hand the tables of every finished run to ``take``, by the name of their frame; returns what is known of all."""
    facts: list[dict[str, Any]] = []
    runs = _read_ahead([RunPaths(study_results, run_id) for run_id, state in states.items() if state == FINISHED])
    for run_id, state in states.items():
        if state != FINISHED:
            facts.append({"run_id": run_id, "status": state})
            continue
        run = next(runs)
        facts.append(run.facts)
        for name in OF_ROWS:
            take(name, getattr(run, name))
    return facts


def _read_ahead(paths: Sequence[RunPaths]) -> Iterator[RunRows]:
    """Every run's rows, in order; the next run is read while one is written, so that two are held at most."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        following = pool.submit(read_run, paths[0])
        for path in paths[1:]:
            done, following = following.result(), pool.submit(read_run, path)
            yield done
        yield following.result()


def _runs_frame(facts: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(facts, columns=TIDY_RUNS.names).astype(_NULLABLE_INTEGERS)


_NULLABLE_INTEGERS = dict.fromkeys(("budget", "seed", "num_parameters", "num_gpus"), "Int64")


def run_status(paths: RunPaths) -> str:
    """``finished``, ``not trained`` or ``not evaluated``, from which files are there."""
    if not paths.steps.is_file():
        return NOT_TRAINED
    return FINISHED if paths.evals.is_file() else NOT_EVALUATED


def _read_preparation(study_results: Path, facts: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Counts of the data preparation; none for a study that was prepared before they were written.

    Where seeds have problem sets of their own with unequal counts, each set is named by its seed.
    """
    paths = StudyPaths(results=study_results, figures=study_results)
    names = dict.fromkeys(json.loads(run["config"])["problem_set"] for run in facts if "config" in run)
    files = {name: paths.problems(name).preparation for name in names}
    found: dict[str | None, pd.DataFrame] = {
        name: read_table(file, PREPARATION).to_pandas() for name, file in files.items() if file.exists()
    }
    tables = list(found.values())
    if not tables:
        empty: pd.DataFrame = PREPARATION.empty_table().to_pandas()
        return empty
    if not all(table.equals(tables[0]) for table in tables):
        tables = [table.assign(set=table["set"] + f" ({name})") for name, table in found.items()]
        return pd.concat(tables, ignore_index=True)
    return tables[0]
