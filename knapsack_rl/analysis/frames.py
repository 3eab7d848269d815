"""The tidy frames every table and figure is a function of, and their files.

Rows carry the run they belong to: ``run_id, model, arm, strategy, budget, seed``. Runs stay in the order given, so
that models and arms appear everywhere in the order of the study's grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa

from knapsack_rl.records import GROUPS, PREPARATION, STEPS, read_table, write_table

RUN_KEYS = ("run_id", "model", "arm", "strategy", "budget", "seed")
"""Columns that say which run a row belongs to."""

ARM_KEYS = ("model", "budget", "arm", "strategy")
"""Columns that say which arm of which cell a row belongs to; what is left are seeds."""

CELL_KEYS = ("model", "budget")
"""Columns of a cell: the arms of one cell are compared with each other."""

_KEY_FIELDS = (
    *(pa.field(name, pa.string(), nullable=False) for name in RUN_KEYS[:4]),
    pa.field("budget", pa.int64(), nullable=False),
    pa.field("seed", pa.int64(), nullable=False),
)


def _small(column: pa.Field) -> pa.Field:
    """Text as categories and counts in four bytes: a paper-size grid has nine million rows. Seeds may be any number."""
    if column.type == pa.string():
        return column.with_type(pa.dictionary(pa.int32(), pa.string()))
    return column.with_type(pa.int32()) if column.type == pa.int64() and column.name != "seed" else column


RATIO_COLUMNS = (
    "ratio_rollouts",
    "ratio_prompts",
    "all_correct_prompts",
    "all_wrong_prompts",
    "all_correct_rollouts",
    "all_wrong_rollouts",
)
"""Shares in 0..1 of a step's rollouts or prompts, see ``zero_gradient.step_ratios``."""

COUNT_COLUMNS = ("min_rollouts", "max_rollouts", "mean_rollouts", "std_rollouts", "gini_rollouts")
"""How a step's rollouts were spread over its prompts."""

TIDY_STEPS = pa.schema(
    [
        *_KEY_FIELDS,
        *STEPS,
        pa.field("repeat_frac", pa.float64()),  # share of the step's prompts that the run had visited before
        pa.field("known_frac", pa.float64()),  # share of the step's prompts of which a success rate was believed
        *(pa.field(name, pa.float64()) for name in (*RATIO_COLUMNS, *COUNT_COLUMNS)),
        pa.field("total_rollouts", pa.int64()),  # generated up to and including this step
        pa.field("total_response_tokens", pa.int64()),  # the same
    ]
)
"""One row per run and training step."""

TIDY_GROUPS = pa.schema([_small(column) for column in (*_KEY_FIELDS, *GROUPS)])
"""One row per run, training step and prompt, text as categories."""

TIDY_EVALS = pa.schema(
    _small(column)
    for column in (
        *_KEY_FIELDS,
        pa.field("step", pa.int32()),
        pa.field("benchmark", pa.string()),
        pa.field("problem_id", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("num_samples", pa.int64()),
        pa.field("num_correct", pa.int64()),
        pa.field("num_truncated", pa.int64()),
        pa.field("num_response_tokens", pa.int64()),
        pa.field("overlap", pa.string()),  # with the training set: exact, words, none; null = not looked for
    )
)
"""One row per run, checkpoint and problem, text as categories: samples are exchangeable, so counts lose nothing."""

TIDY_PROBES = pa.schema(
    [
        *_KEY_FIELDS,
        pa.field("step", pa.int32()),  # the first or the last checkpoint
        pa.field("prompt_id", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("num_samples", pa.int64()),
        pa.field("num_correct", pa.int64()),
    ]
)
"""One row per run, checkpoint and probed training problem; no rows where no probe was taken."""

FINISHED = "finished"
"""Status of a run whose records are analysed."""

TIDY_RUNS = pa.schema(
    [
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),  # finished, not trained, not evaluated
        *(pa.field(name, pa.string()) for name in RUN_KEYS[1:4]),
        pa.field("budget", pa.int64()),
        pa.field("seed", pa.int64()),
        pa.field("config", pa.string()),  # the resolved run as JSON, all keys
        pa.field("num_parameters", pa.int64()),  # of the model; null where its weights are not at hand
        pa.field("num_gpus", pa.int64()),  # null or 0 without a GPU
    ]
)
"""One row per run of the study, missing ones included; of those only id and status are known."""

OF_ROWS = {"steps": TIDY_STEPS, "groups": TIDY_GROUPS, "evals": TIDY_EVALS, "probes": TIDY_PROBES}
"""Frames whose rows are those of single runs, one after the other."""

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
