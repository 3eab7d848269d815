"""The DAPO grader: which line counts, every rule of its normalisation, equality to the letter."""

import pytest

from knapsack_rl.tasks import build_grader
from knapsack_rl.tasks.grading.dapo import REMOVED, normalise

GRADER = build_grader("dapo")


@pytest.mark.parametrize(
    ("response", "verdict", "extracted", "reason"),
    [
        pytest.param("so\nAnswer: 34", 1, "34", "right", id="line"),
        pytest.param("Answer: 34\nmore words", 1, "34", "right", id="words-after-the-line"),
        pytest.param("ANSWER :\t34", 1, "34", "right", id="case-and-blanks"),
        pytest.param("Answer:\n34", 1, "34", "right", id="on-the-next-line"),
        pytest.param("Answer: 35\nAnswer: 34", 1, "34", "right", id="last-counts"),
        pytest.param("Answer: 34\nAnswer: 35", 0, "35", "wrong", id="an-earlier-one-does-not"),
        pytest.param("Answer: 34\nAnswer:", 0, None, "no_answer", id="empty-at-the-end"),
        pytest.param("Answer:  ", 0, None, "no_answer", id="empty"),
        pytest.param("the number is 34", 0, None, "no_answer", id="number-elsewhere"),
        pytest.param("", 0, None, "no_answer", id="no-text"),
        pytest.param("Answer: 34\n" + "x" * 289, 1, "34", "right", id="300-from-the-end"),
        pytest.param("Answer: 34\n" + "x" * 290, 0, None, "no_answer", id="301-from-the-end"),
        pytest.param("Answer: 34.", 0, "34.", "wrong", id="full-stop"),
        pytest.param(r"Answer: \(34\)", 0, r"\(34\)", "wrong", id="parenthesis-delimiters"),
        pytest.param("Answer: **34**", 0, "**34**", "wrong", id="markdown"),
        pytest.param("Answer: $34$", 1, "$34$", "right", id="dollars"),
        pytest.param(r"Answer: \boxed{34}", 1, r"\boxed{34}", "right", id="boxed"),
    ],
)
def test_line(response, verdict, extracted, reason):
    """The last line of the last 300 characters."""
    grade = GRADER.grade(response, "34")
    assert (verdict, extracted, reason) == (grade.verdict, grade.extracted, grade.reason)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [("B", 1), ("$B$", 1), (r"\text{B}", 1), ("C", 0), ("b", 0), ("(B)", 0), ("B.", 0), ("B) five", 0), ("B or C", 0)],
)
def test_choice(line, verdict):
    """A choice is its letter alone: equality to the letter."""
    assert verdict == GRADER.grade(f"so\nAnswer: {line}", "B").verdict


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param("x = y = 5", "5", id="after-the-last-equals"),
        pytest.param("an apple", "apple", id="an"),
        pytest.param("a b", "b", id="a"),
        pytest.param("$5.$", "5", id="full-stop-before-dollar"),
        pytest.param(r"\$5", "5", id="currency"),
        pytest.param(r"5\ 6", "56", id="escaped-blank"),
        pytest.param(" 5 6 ", "56", id="blanks"),
        pytest.param(r"\mbox{no}", "no", id="mbox"),
        pytest.param(r"1,\text{and}2", "12", id="and-after-comma"),
        pytest.param(r"x\text{and}y", "x,y", id="and"),
        pytest.param(r"5\text{m}", "5", id="metres"),
        pytest.param("so $5$ or $6$", "5", id="first-formula"),
        pytest.param(r"\text{yes}", "yes", id="text"),
        pytest.param(r"\textbf{yes}", "yes", id="textbf"),
        pytest.param(r"\overline{AB}", "AB", id="overline"),
        pytest.param(r"\boxed{\frac{1}{2}}", r"\frac{1}{2}", id="boxed"),
        pytest.param(r"\frac12", r"\frac{1}{2}", id="frac"),
        pytest.param(r"\fracabc", r"\frac{a}{b}c", id="frac-of-two-letters"),
        pytest.param(r"\sqrt2", r"\sqrt{2}", id="sqrt"),
        pytest.param("1,234,567", "1234567", id="thousands"),
        pytest.param("1,x", "1,x", id="comma-that-stays"),
        pytest.param("12345678901234567890123", "12345678901234567890123", id="long-integer"),
        pytest.param("14/3", "14/3", id="no-algebra"),
    ],
)
def test_normalisation(answer, expected):
    """One case per rule."""
    assert expected == normalise(answer)


@pytest.mark.parametrize("words", REMOVED)
def test_removed(words):
    """Every word, unit and mark that is dropped."""
    assert "7" == normalise(f"7{words}")


def test_reference_is_normalised_too():
    """Both sides go through the same rules."""
    assert 1 == GRADER.grade("Answer: 10080", r"10,\!080").verdict


def test_empty_answer_is_never_right():
    """Even if the reference is empty after normalisation."""
    assert 0 == GRADER.grade("Answer: units", "units").verdict


def test_many_keep_their_order():
    """One grade per case, in order, and the count of what is decided."""
    heard = []
    grades = GRADER.grade_many([("Answer: 1", "1"), ("Answer: 2", "1")], on_done=heard.append)
    assert ([1, 0], 2) == ([grade.verdict for grade in grades], sum(heard))
