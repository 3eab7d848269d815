r"""The reward of DAPO: the last ``Answer:`` line, normalised, must be the reference to the letter.

Rules and their order: verl `utils/reward_score/math_dapo.py`, whose lists are those of Minerva (arXiv 2206.14858,
appendix D.1). No algebra: ``14/3`` is not ``\frac{14}{3}``, and ``34.`` is not ``34``.
"""

import re
from importlib.resources import files

import yaml

from knapsack_rl.tasks.grading.grade import Grade, Grader
from knapsack_rl.tasks.templates import ANSWER_LINE

TAIL = 300
"""Characters at the end of a response that are looked at."""

_LINE = re.compile(r"answer\s*:\s*([^\n]+)", re.IGNORECASE)
_MARK = re.compile(r"answer\s*:", re.IGNORECASE)

_WORDS = yaml.safe_load(files(__package__).joinpath("dapo.yaml").read_text(encoding="utf-8"))
REPLACED: list[list[str]] = _WORDS["replaced"]
"""Pairs of old and new, replaced one after the other."""
REMOVED: list[str] = _WORDS["removed"]
"""Removed one after the other, in this order."""

REWRITTEN = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(.*?)\$(.*?)\$(.*)", r"$\2$"),
        (r"\\text\{(.*?)\}", r"\1"),
        (r"\\textbf\{(.*?)\}", r"\1"),
        (r"\\overline\{(.*?)\}", r"\1"),
        (r"\\boxed\{(.*)\}", r"\1"),
        (r"frac([^{])(.)", r"frac{\1}{\2}"),
        (r"sqrt([^{])", r"sqrt{\1}"),
    )
)
"""First formula of the line, unwrapped commands, and braces for ``\\frac12`` and ``\\sqrt2``, in this order."""


def normalise(answer: str) -> str:
    """``"$x = 1{,}234$ dollars"`` becomes ``"1234"``."""
    answer = answer.rpartition("=")[2]
    for old, new in REPLACED:
        answer = answer.replace(old, new)
    for words in REMOVED:
        answer = answer.replace(words, "")
    for pattern, replacement in REWRITTEN:
        answer = pattern.sub(replacement, answer)
    answer = answer.replace("$", "")
    digits = answer.replace(",", "")
    return digits if digits.isdigit() else answer.strip()


def answer_line(response: str) -> str | None:
    """What follows the last ``Answer:`` of the response's end, up to the line break; None if nothing does."""
    tail = response[-TAIL:]
    lines = list(_LINE.finditer(tail))
    # DEVIATION: a bare "Answer:" at the very end is an empty final answer; upstream falls back to an earlier one.
    if not lines or _MARK.search(tail, lines[-1].end()):
        return None
    return lines[-1].group(1)


class DapoGrader(Grader):
    """Judges the last ``Answer:`` line."""

    answer_style = ANSWER_LINE

    def grade(self, response: str, answer: str, /) -> Grade:
        """Judge one response; never raises."""
        line = answer_line(response)
        if line is None or not (found := normalise(line)):
            return Grade(0, None, "no_answer")
        right = found == normalise(answer)
        return Grade(int(right), line.strip(), "right" if right else "wrong")
