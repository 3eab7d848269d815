"""Schemas of the tidy frames.

Rows carry the run they belong to: ``run_id, model, arm, strategy, budget, seed``.
"""

import pyarrow as pa

from knapsack_rl.records import GROUPS, STEPS

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
        pa.field("budget_reached", pa.bool_()),  # whether the run generated its `train.stop`; null = it has none
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
