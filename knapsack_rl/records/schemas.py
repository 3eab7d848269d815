"""Declared tables. Facts only: ratios, curves and intervals are computed downstream. See ``facts`` for a step's."""

import pyarrow as pa

from knapsack_rl.records.facts import GroupFacts, RoundFacts, SampleFacts, StepFacts, schema_of


def _schema(fields: dict[str, pa.DataType], *, nullable: tuple[str, ...] = ()) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=name in nullable) for name, kind in fields.items()])


PROMPTS = _schema({"id": pa.string(), "text": pa.string(), "answer": pa.string(), "kind": pa.string()})
"""Training problems, one row each."""

BENCHMARKS = _schema(
    {"benchmark": pa.string(), "id": pa.string(), "text": pa.string(), "answer": pa.string(), "kind": pa.string()}
)
"""Held-out problems, one row each; a set that must not be copied has empty texts and answers."""

OVERLAPS = _schema({"benchmark": pa.string(), "id": pa.string(), "overlap": pa.string()})
"""The same rows: ``exact`` (the problem is trained on), ``words`` (a run of 20 words is), or ``none``."""

PREPARATION = _schema(
    {
        "role": pa.string(),  # train or benchmark
        "set": pa.string(),  # source or benchmark; all = the training sets together
        "step": pa.string(),
        "num_before": pa.int64(),
        "num_after": pa.int64(),
    }
)
"""Problems before and after every step of the preparation, in order; overlaps count benchmark problems."""

STEPS = schema_of(StepFacts)
GROUPS = schema_of(GroupFacts, step=pa.int32())
ROUNDS = schema_of(RoundFacts, step=pa.int32())
SAMPLES = schema_of(SampleFacts, step=pa.int32())

_ANSWER = {
    "sample": pa.int32(),
    "reward": pa.int8(),  # 1 right (the task's reward reaches its threshold of success), 0 wrong
    "reason": pa.string(),
    "num_response_tokens": pa.int32(),
    "truncated": pa.bool_(),
    "extracted": pa.string(),  # the final answer that was judged; null = none was found
    "score": pa.float64(),  # partial credit, whether or not it is the reward; null = the task gives none
}
"""One sampled answer, to whatever problem."""

EVALS = _schema(
    {
        "run_id": pa.string(),
        "step": pa.int32(),
        "benchmark": pa.string(),
        "problem_id": pa.string(),
        "kind": pa.string(),
        **_ANSWER,
    },
    nullable=("extracted", "score"),
)
"""One row per checkpoint, problem and sample."""

PROBES = _schema(
    {
        "run_id": pa.string(),
        "step": pa.int32(),  # the first or the last checkpoint
        "prompt_id": pa.string(),  # a training problem
        "kind": pa.string(),
        **_ANSWER,
    },
    nullable=("extracted", "score"),
)
"""Fixed sample of training problems: one row per checkpoint, problem and sample. No part of any accuracy."""

WALL_CLOCK_COLUMNS = tuple(name for name in STEPS.names if name.endswith("_s"))
"""Columns in which a resumed run may differ from an uninterrupted one."""
