"""Kinds of answers that models write: right ones in other notation, and wrong ones that stand close by."""

import json
from pathlib import Path

import pytest

from knapsack_rl.tasks import build_grader

SHARED = Path(__file__).parents[4] / "shared" / "cases" / "grader.jsonl"
MOST_REFUSED = 0.03


@pytest.fixture(scope="module")
def grader():
    """One grader, so that its worker processes start once."""
    with build_grader("boxed") as grader:
        yield grader


KINDS = [
    pytest.param(answer, box, int(verdict), id=f"{kind}-{answer}-{box}")
    for line in (Path(__file__).parent / "boxed_kinds.tsv").read_text(encoding="utf-8").splitlines()[1:]
    for kind, verdict, answer, box in [line.split("\t")]
]


@pytest.mark.parametrize(("answer", "box", "verdict"), KINDS)
def test_kind(grader, answer, box, verdict):
    """Letter case, tiny differences, choices, words, units, sets, matrices, names, layout, degrees, roots."""
    assert verdict == grader.grade(rf"so \boxed{{{box}}}", answer).verdict


def test_shared_cases(grader):
    """No wrong answer of the shared cases is accepted, and at most 3 % of the right ones are refused."""
    if not SHARED.is_file():
        pytest.skip(f"{SHARED} is absent; it holds the shared grading cases")
    cases = [json.loads(line) for line in SHARED.read_text(encoding="utf-8").splitlines()]
    grades = grader.grade_many([(case["response"], case["answer"]) for case in cases])
    judged = [(case["id"], case["expected"], bool(grade.verdict)) for case, grade in zip(cases, grades, strict=True)]
    assert [] == [name for name, right, accepted in judged if accepted and not right]
    refused = [name for name, right, accepted in judged if right and not accepted]
    assert len(refused) <= MOST_REFUSED * sum(right for _, right, _ in judged), refused
