r"""Every reference answer of the benchmarks: right as it is and in a second spelling, wrong for another problem."""

import json
import re
from itertools import pairwise

import pytest

from knapsack_rl.tasks import build_grader

# AMC23 is contained in amc22_23.
FILES = ("aime24", "aime25", "amc22_23", "math500", "minerva", "olympiadbench", "gsm8k_test")
NUM_ANSWERS = 2_909

pytestmark = [pytest.mark.xdist_group("references"), pytest.mark.slow]


@pytest.fixture(scope="module")
def answers(math_data):
    """All reference answers in the order of the files."""
    lines = [line for name in FILES for line in (math_data / "bench" / f"{name}.jsonl").open(encoding="utf-8")]
    return [json.loads(line)["answer"] for line in lines]


@pytest.fixture(scope="module")
def grader():
    """One grader, so that its worker processes start once."""
    with build_grader("boxed") as grader:
        yield grader


def wrong_ones(grader, pairs):
    """The pairs of reference and box that are not judged equal."""
    grades = grader.grade_many([(rf"so \boxed{{{box}}}.", answer) for answer, box in pairs])
    return [pair for pair, grade in zip(pairs, grades, strict=True) if not grade.verdict]


def respelt(answer):
    r"""Blanks, ``\dfrac``, ``\left`` and, after a plain number, a unit."""
    if re.fullmatch(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", answer):
        return rf"\; {answer} \text{{ units}}"
    answer = re.sub(r"\^\{?\\circ\}?", r"\\text{ degrees}", answer)
    answer = answer.replace(r"\frac", r"\dfrac").replace(r"\left", "").replace(r"\right", "")
    answer = re.sub(r"(?<!\\)([(\[])", r"\\left\1 ", answer)
    answer = re.sub(r"(?<!\\)([)\]])", r" \\right\1", answer)
    answer = re.sub(r"([+=<>]|,(?![0-9]{3}|\\!))", r" \1 ", answer)
    answer = re.sub(r"(?<!begin|.{2}end)\{(?!,)", "{ ", answer)
    return rf"\, {answer}\ "


def alike(one, other):
    """Are these the same value, by a rule apart: equal text or number without names, units and marks?"""
    marks = r"\s|^[a-zA-Z](\([a-z]\))?=|\^\{?\\circ\}?|\\text\{\w*\}|\\[$%!]|[$%{}]|(?<=\d),(?=\d{3})"
    texts = [re.sub(marks, "", text) for text in (one, other)]
    try:
        return float(texts[0]) == float(texts[1])
    except ValueError:
        return texts[0] == texts[1]


def test_all_are_there(answers):
    """None is lost on the way."""
    assert NUM_ANSWERS == len(answers)


def test_right_as_it_is(grader, answers):
    """Each answer is itself."""
    assert [] == wrong_ones(grader, [(answer, answer) for answer in answers])


def test_right_in_a_second_spelling(grader, answers):
    """Layout changes no answer."""
    pairs = [(answer, respelt(answer)) for answer in answers]
    assert all(answer != box for answer, box in pairs)
    assert [] == wrong_ones(grader, pairs)


def test_next_answer_is_wrong(grader, answers):
    """The answer of the next problem is refused, unless it is the same one."""
    pairs = [(one, other) for one, other in pairwise(answers) if not alike(one, other)]
    assert len(answers) - 100 < len(pairs)
    refused = set(wrong_ones(grader, pairs))
    assert [] == [pair for pair in pairs if pair not in refused]


def test_changed_digit_is_wrong(grader, answers):
    """Each answer that has a digit, with the last one changed."""
    changed = [re.sub(r"[0-9](?=[^0-9]*$)", lambda digit: str((int(digit[0]) + 1) % 10), answer) for answer in answers]
    pairs = [(answer, other) for answer, other in zip(answers, changed, strict=True) if answer != other]
    assert len(answers) - 100 < len(pairs)
    refused = set(wrong_ones(grader, pairs))
    assert [] == [pair for pair in pairs if pair not in refused]
