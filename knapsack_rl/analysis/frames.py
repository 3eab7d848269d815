"""The three tidy frames every table and figure is a function of, and their files.

Rows carry the run they belong to: ``run_id, model, arm, strategy, budget, seed``. Runs stay in the order given, so
that models and arms appear everywhere in the order of the study's grid.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from knapsack_rl.records import GROUPS, STEPS, read_table, write_table

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
        *(pa.field(name, pa.float64()) for name in (*RATIO_COLUMNS, *COUNT_COLUMNS)),
        pa.field("total_rollouts", pa.int64()),  # generated up to and including this step
        pa.field("total_response_tokens", pa.int64()),  # the same
    ]
)
"""One row per run and training step."""

TIDY_GROUPS = pa.schema([*_KEY_FIELDS, *GROUPS])
"""One row per run, training step and prompt."""

TIDY_EVALS = pa.schema(
    [
        *_KEY_FIELDS,
        pa.field("step", pa.int32()),
        pa.field("benchmark", pa.string()),
        pa.field("problem_id", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("num_samples", pa.int64()),
        pa.field("num_correct", pa.int64()),
        pa.field("num_truncated", pa.int64()),
        pa.field("num_response_tokens", pa.int64()),
    ]
)
"""One row per run, checkpoint and problem: samples are exchangeable, so counts lose nothing."""

_SCHEMAS = {"steps": TIDY_STEPS, "groups": TIDY_GROUPS, "evals": TIDY_EVALS}


@dataclass(frozen=True, slots=True)
class StudyFrames:
    """What is known about the runs of one study."""

    steps: pd.DataFrame
    """Columns of ``TIDY_STEPS``."""
    groups: pd.DataFrame
    """Columns of ``TIDY_GROUPS``; a null ``p_belief`` means unknown."""
    evals: pd.DataFrame
    """Columns of ``TIDY_EVALS``."""


def save_analysis(frames: StudyFrames, folder: Path) -> None:
    """Write ``steps.parquet``, ``groups.parquet`` and ``evals.parquet`` into ``folder``, each atomically."""
    for name, schema in _SCHEMAS.items():
        frame: pd.DataFrame = getattr(frames, name)
        write_table(folder / f"{name}.parquet", pa.Table.from_pandas(frame, schema=schema, preserve_index=False))


def load_analysis(folder: Path) -> StudyFrames:
    """Read the three frames back.

    Raises:
        InputError: a file or one of its columns is missing.
    """
    return StudyFrames(**{name: _load(folder / f"{name}.parquet", schema) for name, schema in _SCHEMAS.items()})


def _load(path: Path, schema: pa.Schema) -> pd.DataFrame:
    frame: pd.DataFrame = read_table(path, schema).to_pandas()
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
