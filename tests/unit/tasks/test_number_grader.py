"""The grader `number`: the whole response is the number, in one spelling."""

import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.tasks import build_grader, build_task

GRADER = build_grader("number")


@pytest.mark.parametrize(
    ("response", "reference"),
    [("7", "7"), (" 7\n", "7"), ("\t7\r\n", "7"), ("0", "0"), ("-12", "-12"), ("3.5", "3.5"), ("0.50", "0.50")],
)
def test_right(response, reference):
    """Blanks around the number are the only freedom."""
    grade = GRADER.grade(response, reference)
    assert (1, reference, "right") == (grade.verdict, grade.extracted, grade.reason)


@pytest.mark.parametrize(
    ("response", "reference"),
    [("8", "7"), ("-7", "7"), ("7.0", "7"), ("70", "7"), ("0.5", "0.50"), ("9" * 5000, "7")],
)
def test_another_number_is_wrong(response, reference):
    """Compared to the letter, so that a long number costs nothing."""
    grade = GRADER.grade(response, reference)
    assert (0, response, "wrong") == (grade.verdict, grade.extracted, grade.reason)


@pytest.mark.parametrize(
    "response",
    [
        pytest.param("", id="empty"),
        pytest.param("7.", id="full-stop"),
        pytest.param("+7", id="plus"),
        pytest.param("07", id="leading-zero"),
        pytest.param("- 7", id="blank-after-sign"),
        pytest.param(".7", id="no-whole-part"),
        pytest.param("7e0", id="exponent"),
        pytest.param("7 7", id="two-numbers"),
        pytest.param("7\n7", id="two-lines"),
        pytest.param("\uff17", id="full-width"),
        pytest.param("\u0667", id="arabic-digit"),
        pytest.param("\u22127", id="minus-sign-of-unicode"),
        pytest.param("\u00a07", id="no-break-space"),
        pytest.param("7\u200b", id="zero-width-space"),
        pytest.param("7\x00", id="nul"),
        pytest.param("The answer is 7", id="words-before"),
        pytest.param("7 apples", id="words-after"),
        pytest.param("3 + 4 = 7", id="working"),
        pytest.param(r"\boxed{7}", id="box"),
        pytest.param("**7**", id="markdown"),
        pytest.param("seven", id="word"),
    ],
)
def test_anything_else_is_no_answer(response):
    """Also where a reader would know what is meant."""
    grade = GRADER.grade(response, "7")
    assert (0, None, "no_answer") == (grade.verdict, grade.extracted, grade.reason)


def test_separators_of_thousands_are_no_answer():
    """1000 is right; 1,000 is not, even where the reference has the comma."""
    assert 1 == GRADER.grade("1000", "1000").verdict
    assert "no_answer" == GRADER.grade("1,000", "1000").reason
    assert "no_answer" == GRADER.grade("1,000", "1,000").reason


def test_many_are_graded_in_their_order():
    """And all are reported as done."""
    done = []
    grades = GRADER.grade_many([("7", "7"), ("8", "7"), ("x", "7")], on_done=done.append)
    assert ["right", "wrong", "no_answer"] == [grade.reason for grade in grades]
    assert [3] == done


def test_template_and_grader_go_together():
    """A prompt that asks for a box would earn nothing under this grader, and the other way round."""
    mental = build_task("mental", {"train": {"sum_2": 1}, "benchmarks": {"sum_2": 1}}, seed=0)
    mental.check_templates("equation", "plain")
    with pytest.raises(ConfigError, match="reads bare_number"):
        mental.check_templates("boxed", "equation")
    boxed = build_task("mental", {"train": {"sum_2": 1}, "benchmarks": {"sum_2": 1}, "grader": "boxed"}, seed=0)
    with pytest.raises(ConfigError, match="benchmark_template: 'equation' asks for the answer as bare_number"):
        boxed.check_templates("boxed", "equation")
