r"""Answers written to break a grader: each ends within five seconds with a verdict, and harms no neighbour."""

import os
import time

import pytest

from knapsack_rl.tasks import build_grader, grader_names
from knapsack_rl.tasks.grading.bare_number import BareNumberGrader

LIMIT_S = 5.0 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
"""Five seconds on a machine that has nothing else to do, longer on one that is shared."""
MANY = 100_000

HOSTILE = {
    "power-tower": "9^9^9^9",
    "power-tower-braced": "9^{9^{9^{9}}}",
    "power-tower-python": "9**9**9**9",
    "factorials": "((9!)!)!",
    "large-factorial": "(10^{9})!",
    "long-power": "2^{" + "9" * 1_000 + "}",
    "exponent": "1e999999999",
    "exponents": "1e999999999/3e999999999",
    "large-binomial": r"\binom{10^{12}}{10^{11}}",
    "large-sum": r"\sum_{k=1}^{10^{12}} \frac{1}{k^2}",
    "integral": r"\int_0^1 e^{e^{e^{x^x}}} dx",
    "limit": r"\lim_{x \to 0} \frac{\sin(\tan x) - \tan(\sin x)}{x^7}",
    "equation": r"x^9 + \sin x + e^{x^5} = y^7 + \cos y",
    "digits": "7" * MANY,
    "letters": "x" * MANY,
    "blanks": "5" + " " * MANY + "6",
    "commas": "1," * (MANY // 2),
    "short-commas": "1," * 900,
    "parentheses": "(" * MANY + "5" + ")" * MANY,
    "short-parentheses": "(" * 900 + "5" + ")" * 900,
    "fractions": r"\frac{1}{" * 150 + "2" + "}" * 150,
    "roots": r"\sqrt{" * 200 + "2" + "}" * 200,
    "open-brackets": "(" * 1_900,
    "left": r"\left(" * 300,
    "boxes": r"\boxed{" * 1_000 + "5" + "}" * 1_000,
    "and-or": "1 and " * 300,
    "import": '__import__("os").system("touch hacked")',
    "exec": 'exec("raise SystemExit")',
    "lambda": r"(lambda: open('hacked', 'w'))()",
    "format": "{0.__class__.__mro__} %s %n",
    "surrogate": "\ud800",
    "nul": "5\x00",
    "combining": "5" + "\u0301" * 1_000,
    "matrix": r"\begin{pmatrix}" + r"1 & 2 \\" * 300 + r"\end{pmatrix}",
    "plus-minus": r"\pm 1" * 100,
}


@pytest.fixture(scope="module", params=grader_names())
def grader(request):
    """Every grader."""
    with build_grader(request.param) as grader:
        grader.grade(r"\boxed{\sqrt{8}}", r"2\sqrt{2}")  # the processes start once, not in somebody's five seconds
        yield grader


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_response(grader, text, tmp_path, monkeypatch):
    """Wrong, in time, and nothing was executed."""
    monkeypatch.chdir(tmp_path)
    start = time.perf_counter()
    grade = grader.grade(f"\\boxed{{{text}}}\nAnswer: {text}", r"\sqrt{2}")
    assert (0, True) == (grade.verdict, time.perf_counter() - start < LIMIT_S)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_around_the_answer(grader, text):
    """The answer after it counts, except where the whole response is to be the number."""
    start = time.perf_counter()
    grade = grader.grade(f"{text}\n so \\boxed{{5}}\nAnswer: 5", "5")
    wanted = 0 if isinstance(grader, BareNumberGrader) else 1
    assert (wanted, True) == (grade.verdict, time.perf_counter() - start < LIMIT_S)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_no_bare_number(text):
    """As the whole response: never right, and at once."""
    start = time.perf_counter()
    grade = BareNumberGrader().grade(text, "5")
    assert (0, True) == (grade.verdict, time.perf_counter() - start < 1)


def test_neighbours_keep_their_verdicts():
    """A pair that ends its process takes nobody along."""
    tame = [(rf"\boxed{{\sqrt{{8}}+{k}}}", rf"2\sqrt{{2}}+{k + k % 2}") for k in range(40)]
    wild = [(rf"\boxed{{((9!)!)!+{k}}}", "387") for k in range(2)]
    with build_grader("boxed") as grader:
        grades = grader.grade_many([*tame[:5], wild[0], *tame[5:20], wild[1], *tame[20:]])
    verdicts = [grade.verdict for grade in grades]
    assert ["timeout", "timeout"] == [grades[5].reason, grades[21].reason]
    assert [1 - k % 2 for k in range(40)] == [*verdicts[:5], *verdicts[6:21], *verdicts[22:]]


@pytest.mark.parametrize("swapped", [False, True])
def test_equations_with_other_letters_are_wrong_and_not_out_of_time(swapped):
    """Solving both would exceed the limit."""
    answers = [
        r"\frac{d^{2} v_{o}}{d t^{2}}+\frac{v_{o}}{L C}=\frac{v_{i}}{L C}",
        r"m l \ddot{\theta}(t)-m g \sin \theta(t)=f(t) \cos \theta(t)",
    ]
    wanted, given = reversed(answers) if swapped else answers
    with build_grader("boxed") as grader:
        assert "wrong" == grader.grade(rf"\boxed{{{given}}}", wanted).reason
