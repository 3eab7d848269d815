"""What is known of a training step once it is done, as frozen records. The tables of a run derive from them.

Counts start with ``num_``, probabilities with ``p_``, seconds end in ``_s``. ``*_s`` columns are wall-clock
measurements; everything else is a function of the configuration, on one machine, torch build and thread count.
"""

from dataclasses import asdict, dataclass, fields
from types import NoneType
from typing import Annotated, Any, get_args, get_type_hints

import pyarrow as pa

Int32 = Annotated[int, pa.int32()]
Int64 = Annotated[int, pa.int64()]
Float64 = Annotated[float, pa.float64()]
Text = Annotated[str, pa.string()]

PARTIAL_CREDIT = "num_distinct_rewards"
"""Column that only records of a task with partial credit have."""
NESTED = ("groups", "rounds", "samples")
"""Fields of a step that have a table of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFacts:
    """One row per step and prompt."""

    prompt_id: Text
    kind: Text
    visit: Int32  # 1 = first time the run sees this prompt
    p_belief: Float64 | None  # the rate the strategy was given; null = unknown
    num_rollouts: Int32  # over all rounds
    num_rounds: Int32  # rounds in which the method asked for the prompt
    num_kept: Int32  # rollouts trained on; 0 = the group was dropped
    num_successes: Int32
    num_truncated: Int32
    num_response_tokens: Int64
    num_distinct_rewards: Int32 | None = None  # 1 = no gradient; only of tasks with partial credit: no column elsewhere

    def record(self) -> dict[str, Any]:
        """As the journal has it: without the column of partial credit where the task gives none."""
        record = asdict(self)
        if self.num_distinct_rewards is None:
            del record[PARTIAL_CREDIT]
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFacts:
    """The ledger: one row per step and round of generation."""

    round: Int32  # 1-based
    num_rollouts: Int32
    num_prompt_tokens: Int64  # once for each rollout
    num_prefilled_tokens: Int64  # once for each prompt of the round
    num_response_tokens: Int64  # generated


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFacts:
    """A few responses as text: `train.sampled_prompts` prompts of some steps, hardest first by that step's rollouts.

    The steps are the first and those that are evaluated.
    """

    prompt_id: Text
    kind: Text
    num_rollouts: Int32  # of the prompt in this step
    num_successes: Int32  # among them
    rollout: Int32  # 0-based index among them: the first, or the first with the other outcome
    reward: Float64  # what its advantage is made of
    reason: Text
    num_response_tokens: Int32  # of this response
    prompt: Text  # what the model was given; of long texts the middle is left out
    answer: Text  # the label
    response: Text  # what the model wrote; of long texts the middle is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """One row per training step."""

    step: Int32  # 1-based
    epoch: Int32  # 0-based pass over the training problems of the step's first prompt
    num_prompts: Int32
    num_rollouts: Int32  # generated and charged, those that are not trained on included
    num_kept: Int32  # of those, what the method trains on
    num_rounds: Int32  # generation calls, one after the other
    num_probe_rollouts: Int32  # generated to look only, charged to no budget
    num_successes: Int32
    num_truncated: Int32
    num_cut_off: Int32 | None  # wrong because they were truncated; null: not counted
    num_no_answer: Int32 | None  # wrong because no final answer was found in them; null: not counted
    num_prompt_tokens: Int64  # summed over rollouts
    num_response_tokens: Int64  # generated
    num_updated_rollouts: Int32  # pushed through the model by the learner
    num_updated_tokens: Int64  # prompt and response tokens of those
    num_belief_multiply_adds: Int64 | None = None  # by a belief that trains a model of its own; null: not counted
    loss: Float64  # mean over the step's optimiser steps
    grad_norm: Float64  # before clipping, mean over optimiser steps
    # Nats per response token: minus its log-probability, mean over a prompt's rollouts, then over prompts. All of
    # them, each prompt once, so that it compares between arms; null: not kept apart (older)
    sampled_entropy: Float64 | None = None
    # Over rollouts pushed through the model alone, mostly those of mixed groups; not to be compared between arms
    updated_clip_frac: Float64 | None = None  # share of their response tokens whose ratio was clipped
    updated_approx_kl: Float64 | None = None  # mean of old minus new log-probability over their response tokens
    updated_entropy: Float64 | None = None  # nats per response token of theirs
    mismatch_mean: Float64 | None = None  # |learner - sampler| log-probability, mean over updated tokens before moving
    mismatch_max: Float64 | None = None  # largest of those; null: no token was scored
    mismatch_capped_frac: Float64 | None = None  # share of those whose ratio was capped; null: no correction
    probe_s: Float64
    allocate_s: Float64  # beliefs and strategy, what they learn from the step included
    sample_s: Float64
    score_s: Float64
    pack_s: Float64 | None = None  # advantages, mini-batches, the rows left of them; null: not timed apart (older)
    update_s: Float64
    sync_s: Float64
    step_s: Float64
    groups: tuple[GroupFacts, ...]
    rounds: tuple[RoundFacts, ...]
    samples: tuple[SampleFacts, ...] = ()

    def record(self) -> dict[str, Any]:
        """As the journal has it: the columns of a step, and a record of each of its groups, rounds and texts."""
        own = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in NESTED}
        texts = {"samples": [asdict(sample) for sample in self.samples]} if self.samples else {}
        return own | {"groups": [g.record() for g in self.groups], "rounds": [asdict(r) for r in self.rounds]} | texts


def schema_of(facts: type, **first: pa.DataType) -> pa.Schema:
    """The table of a kind of facts: a column per field that has an Arrow type, null where the field may be None.

    Args:
        facts: one of the classes above.
        first: columns before its own.
    """
    columns = [pa.field(name, kind, nullable=False) for name, kind in first.items()]
    for name, hint in get_type_hints(facts, include_extras=True).items():
        nullable = NoneType in get_args(hint)
        annotated = next((part for part in get_args(hint) if part is not NoneType), None) if nullable else hint
        if kind := next(iter(getattr(annotated, "__metadata__", ())), None):
            columns.append(pa.field(name, kind, nullable=nullable))
    return pa.schema(columns)
