"""The tables of a run derive from the facts of a step; the journal keeps nothing else."""

from dataclasses import FrozenInstanceError, fields

import pyarrow as pa
import pytest

from knapsack_rl.records import GROUPS, STEPS, GroupFacts, RoundFacts, StepFacts
from knapsack_rl.records.schemas import ROUNDS

NESTED = {"groups", "rounds", "samples"}


def _group(**changed):
    others = {field.name: 0 for field in fields(GroupFacts)} | {"prompt_id": "a", "kind": "k", "p_belief": None}
    return GroupFacts(**{**others, "num_distinct_rewards": None, **changed})


def _step(*groups):
    others = {field.name: 0 for field in fields(StepFacts)}
    spent = RoundFacts(**{field.name: 1 for field in fields(RoundFacts)})
    return StepFacts(**{**others, "groups": groups, "rounds": (spent,)})


def test_every_field_is_a_column_and_every_column_a_field():
    assert STEPS.names == [field.name for field in fields(StepFacts) if field.name not in NESTED]
    assert GROUPS.names == ["step", *(field.name for field in fields(GroupFacts))]
    assert ROUNDS.names == ["step", *(field.name for field in fields(RoundFacts))]


def test_types_and_what_may_be_null_are_those_of_the_fields():
    assert STEPS.field("num_response_tokens") == pa.field("num_response_tokens", pa.int64(), nullable=False)
    assert STEPS.field("mismatch_max") == pa.field("mismatch_max", pa.float64(), nullable=True)
    assert GROUPS.field("p_belief") == pa.field("p_belief", pa.float64(), nullable=True)
    assert GROUPS.field("prompt_id") == pa.field("prompt_id", pa.string(), nullable=False)
    assert not any(field.nullable for field in ROUNDS)


def test_a_record_of_the_journal_has_the_columns_of_its_tables():
    record = _step(_group(), _group(num_distinct_rewards=3)).record()
    plain, graded = record["groups"]
    assert set(record) == {*STEPS.names, "groups", "rounds"}
    assert {"step", *graded} == set(GROUPS.names)
    assert {"step", *record["rounds"][0]} == set(ROUNDS.names)
    assert set(graded) - set(plain) == {"num_distinct_rewards"}
    assert plain["p_belief"] is None


def test_facts_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        _group().num_rollouts = 5
