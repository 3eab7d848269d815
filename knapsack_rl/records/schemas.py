"""Declared tables. Facts only: ratios, curves and intervals are computed downstream.

Counts start with ``num_``, probabilities with ``p_``, seconds end in ``_s``. ``*_s`` columns are wall-clock
measurements; everything else is a function of the configuration, on one machine, torch build and thread count.
"""

import pyarrow as pa


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

STEPS = _schema(
    {
        "step": pa.int32(),  # 1-based
        "epoch": pa.int32(),  # 0-based pass over the training problems of the step's first prompt
        "num_prompts": pa.int32(),
        "num_rollouts": pa.int32(),  # generated and charged, those that are not trained on included
        "num_kept": pa.int32(),  # of those, what the method trains on
        "num_rounds": pa.int32(),  # generation calls, one after the other
        "num_probe_rollouts": pa.int32(),  # generated to look only, charged to no budget
        "num_successes": pa.int32(),
        "num_truncated": pa.int32(),
        "num_cut_off": pa.int32(),  # wrong because they were truncated; null: not counted
        "num_no_answer": pa.int32(),  # wrong because no final answer was found in them; null: not counted
        "num_prompt_tokens": pa.int64(),  # summed over rollouts
        "num_response_tokens": pa.int64(),  # generated
        "num_updated_rollouts": pa.int32(),  # pushed through the model by the learner
        "num_updated_tokens": pa.int64(),  # prompt and response tokens of those
        "num_belief_multiply_adds": pa.int64(),  # spent by a belief that trains a model of its own; null: not counted
        "loss": pa.float64(),  # mean over the step's optimiser steps
        "grad_norm": pa.float64(),  # before clipping, mean over optimiser steps
        # Nats per response token: minus its log-probability, mean over a prompt's rollouts, then over prompts. All of
        # them, each prompt once, so that it compares between arms; null: not kept apart (older)
        "sampled_entropy": pa.float64(),
        # Over rollouts pushed through the model alone, mostly those of mixed groups; not to be compared between arms
        "updated_clip_frac": pa.float64(),  # share of their response tokens whose ratio was clipped
        "updated_approx_kl": pa.float64(),  # mean of old minus new log-probability over their response tokens
        "updated_entropy": pa.float64(),  # nats per response token of theirs
        "mismatch_mean": pa.float64(),  # |learner - sampler| log-probability, mean over updated tokens before moving
        "mismatch_max": pa.float64(),  # largest of those; null: no token was scored
        "mismatch_capped_frac": pa.float64(),  # share of those whose importance ratio was capped; null: no correction
        "probe_s": pa.float64(),
        "allocate_s": pa.float64(),  # beliefs and strategy, what they learn from the step included
        "sample_s": pa.float64(),
        "score_s": pa.float64(),
        "pack_s": pa.float64(),  # advantages, mini-batches, the rows left of them; null: not timed apart (older)
        "update_s": pa.float64(),
        "sync_s": pa.float64(),
        "step_s": pa.float64(),
    },
    nullable=(
        *(
            "num_cut_off",
            "num_no_answer",
            "num_belief_multiply_adds",
            "mismatch_mean",
            "mismatch_max",
            "mismatch_capped_frac",
            "pack_s",
        ),
        *("sampled_entropy", "updated_clip_frac", "updated_approx_kl", "updated_entropy"),
    ),
)
"""One row per training step."""

GROUPS = _schema(
    {
        "step": pa.int32(),
        "prompt_id": pa.string(),
        "kind": pa.string(),
        "visit": pa.int32(),  # 1 = first time the run sees this prompt
        "p_belief": pa.float64(),  # the rate the strategy was given; null = unknown
        "num_rollouts": pa.int32(),  # over all rounds
        "num_rounds": pa.int32(),  # rounds in which the method asked for the prompt
        "num_kept": pa.int32(),  # rollouts trained on; 0 = the group was dropped
        "num_successes": pa.int32(),
        "num_truncated": pa.int32(),
        "num_response_tokens": pa.int64(),
        "num_distinct_rewards": pa.int32(),  # 1 = no gradient; only of tasks with partial credit: no column elsewhere
    },
    nullable=("p_belief", "num_distinct_rewards"),
)
"""One row per step and prompt."""

PARTIAL_CREDIT = "num_distinct_rewards"
"""Column of ``GROUPS`` that only records of a task with partial credit have."""

ROUNDS = _schema(
    {
        "step": pa.int32(),
        "round": pa.int32(),  # 1-based
        "num_rollouts": pa.int32(),
        "num_prompt_tokens": pa.int64(),  # once for each rollout
        "num_prefilled_tokens": pa.int64(),  # once for each prompt of the round
        "num_response_tokens": pa.int64(),  # generated
    }
)
"""The ledger: one row per step and round of generation."""

SAMPLES = _schema(
    {
        "step": pa.int32(),  # the first, and those that are evaluated
        "prompt_id": pa.string(),
        "kind": pa.string(),
        "num_rollouts": pa.int32(),  # of the prompt in this step
        "num_successes": pa.int32(),  # among them
        "rollout": pa.int32(),  # 0-based index among them: the first, or the first with the other outcome
        "reward": pa.float64(),  # what its advantage is made of
        "reason": pa.string(),
        "num_response_tokens": pa.int32(),  # of this response
        "prompt": pa.string(),  # what the model was given; of long texts the middle is left out
        "answer": pa.string(),  # the label
        "response": pa.string(),  # what the model wrote; of long texts the middle is left out
    }
)
"""A few responses as text: `train.sampled_prompts` prompts of some steps, from the hardest to the easiest by that
step's own rollouts."""

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
