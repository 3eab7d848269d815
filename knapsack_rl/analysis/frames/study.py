"""The tidy frames every table and figure is a function of, and their files.

Runs stay in the order given, so that models and arms appear everywhere in the order of the study's grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa

from knapsack_rl.analysis.frames.schemas import CELL_KEYS, OF_ROWS, TIDY_PROBES, TIDY_RUNS
from knapsack_rl.records import PREPARATION, read_table, write_table

_OF_RUNS = {**OF_ROWS, "runs": TIDY_RUNS}
_SCHEMAS = {**_OF_RUNS, "data": PREPARATION}


def no_runs() -> pd.DataFrame:
    """A ``runs`` frame that knows nothing."""
    empty: pd.DataFrame = TIDY_RUNS.empty_table().to_pandas()
    return empty


def _no_probes() -> pd.DataFrame:
    empty: pd.DataFrame = TIDY_PROBES.empty_table().to_pandas()
    return empty


def _no_counts() -> pd.DataFrame:
    empty: pd.DataFrame = PREPARATION.empty_table().to_pandas()
    return empty


@dataclass(frozen=True, slots=True)
class StudyFrames:
    """What is known about the runs of one study."""

    steps: pd.DataFrame
    """Columns of ``TIDY_STEPS``."""
    groups: pd.DataFrame
    """Columns of ``TIDY_GROUPS``; a null ``p_belief`` means unknown."""
    evals: pd.DataFrame
    """Columns of ``TIDY_EVALS``."""
    probes: pd.DataFrame = field(default_factory=_no_probes)
    """Columns of ``TIDY_PROBES``."""
    runs: pd.DataFrame = field(default_factory=no_runs)
    """Columns of ``TIDY_RUNS``: every run of the study and whether its records are there."""
    data: pd.DataFrame = field(default_factory=_no_counts)
    """Columns of ``PREPARATION``: of the study, not of a run."""
    study_arms: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["arm", "strategy"]))
    """Of a part of a study: ``arm, strategy`` of what the whole study has records of, in its order."""

    def only(self, arms: Sequence[str]) -> "StudyFrames":
        """What is known about the runs of some arms."""
        frames: dict[str, pd.DataFrame] = {name: getattr(self, name) for name in _OF_RUNS}
        kept = {name: frame[frame["arm"].isin(list(arms))] for name, frame in frames.items()}
        return StudyFrames(**kept, data=self.data)

    def at_budget(self, budget: int) -> "StudyFrames":
        """What is known about the runs of one budget; the frames themselves where there is no other."""
        if (self.steps["budget"] == budget).all():
            return self
        frames: dict[str, pd.DataFrame] = {name: getattr(self, name) for name in _OF_RUNS}
        kept = {name: frame[(frame["budget"] == budget).fillna(value=False)] for name, frame in frames.items()}
        return StudyFrames(**kept, data=self.data, study_arms=self.study_arms)


def save_frame(name: str, frame: pd.DataFrame, *, folder: Path) -> None:
    """Write one frame of a study into ``folder``, atomically: ``runs`` as ``runs.parquet``."""
    table = pa.Table.from_pandas(frame, schema=_SCHEMAS[name], preserve_index=False)
    write_table(folder / f"{name}.parquet", table)


def load_analysis(folder: Path) -> StudyFrames:
    """Read the frames back.

    Raises:
        InputError: a file or one of its columns is missing.
    """
    return StudyFrames(**{name: _load(folder / f"{name}.parquet", schema) for name, schema in _SCHEMAS.items()})


def _load(path: Path, schema: pa.Schema) -> pd.DataFrame:
    return to_frame(read_table(path, schema))


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A data frame with one category per distinct text. The table gives up its memory; use it no more."""
    table = table.unify_dictionaries()  # the same name, so that nothing else holds what is given up below
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    return frame


def in_grid_order(table: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """``table`` with the arms of a cell next to each other: by model, budget, arm, each in ``like``'s order.

    Rows of one arm keep their order.
    """
    ranks = {
        key: table[key].map({value: rank for rank, value in enumerate(like[key].unique())})
        for key in (*CELL_KEYS, "arm")
    }
    order = pd.DataFrame(ranks).sort_values([*CELL_KEYS, "arm"], kind="stable").index
    return table.loc[order].reset_index(drop=True)
