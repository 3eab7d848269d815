"""From the records of single runs to the tidy frames of a study."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from knapsack_rl.analysis.frames import FINISHED, TIDY_RUNS, StudyFrames, to_frame
from knapsack_rl.analysis.one_run import read_run
from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import RunPaths, StudyPaths
from knapsack_rl.records import PREPARATION, read_table, table_of

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
    if not run_ids:
        raise InputError(f"{study_results}: no runs to analyse; name at least one run id")
    states = {run_id: run_status(RunPaths(study_results, run_id)) for run_id in run_ids}
    finished = [run_id for run_id in run_ids if states[run_id] == FINISHED]
    if not finished:
        raise InputError(
            f"{study_results}: none of the {len(run_ids)} runs is finished"
            f" ({run_ids[0]}: {states[run_ids[0]]}); train and evaluate at least one"
        )
    if missing := [f"{run_id} ({state})" for run_id, state in states.items() if state != FINISHED]:
        more = f", and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        named = ", ".join(missing[:MOST_NAMED]) + more
        _log.warning("%d of %d runs are left out: %s", len(missing), len(run_ids), named)
    runs = {run_id: read_run(RunPaths(study_results, run_id)) for run_id in finished}
    facts = [runs[i].facts if i in runs else {"run_id": i, "status": state} for i, state in states.items()]
    return StudyFrames(
        steps=to_frame(pa.concat_tables(run.steps for run in runs.values())),
        groups=to_frame(pa.concat_tables(run.groups for run in runs.values())),
        evals=to_frame(pa.concat_tables(run.evals for run in runs.values())),
        probes=to_frame(pa.concat_tables(run.probes for run in runs.values())),
        runs=pd.DataFrame(facts, columns=TIDY_RUNS.names).astype(_NULLABLE_INTEGERS),
        data=_read_preparation(StudyPaths(study_results, study_results).preparation),
    )


_NULLABLE_INTEGERS = dict.fromkeys(("budget", "seed", "num_parameters", "num_gpus"), "Int64")


def run_status(paths: RunPaths) -> str:
    """``finished``, ``not trained`` or ``not evaluated``, from which files are there."""
    if not (paths.folder / "steps.parquet").is_file():
        return NOT_TRAINED
    return FINISHED if paths.evals.is_file() else NOT_EVALUATED


def _read_preparation(path: Path) -> pd.DataFrame:
    """Counts of the data preparation; none for a study that was prepared before they were written."""
    table = read_table(path, PREPARATION) if path.exists() else table_of([], PREPARATION)
    frame: pd.DataFrame = table.to_pandas()
    return frame
