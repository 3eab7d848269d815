"""Cases to grade, one JSON object per line; verdicts go back out with them."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knapsack_rl.base.errors import InputError

if TYPE_CHECKING:
    from knapsack_rl.tasks import Grade

FIELDS = ("response", "answer")


def read_cases(path: Path) -> list[dict[str, Any]]:
    """Objects with the texts ``response`` and ``answer``; other fields are kept, blank lines are skipped.

    Raises:
        InputError: no such file, no cases, a line that is no JSON object, a field that is missing or no text.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); give a file with one JSON object per line") from None
    cases = [_case(path, number, line=line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not cases:
        raise InputError(f"{path}: has no cases; give at least one line with {' and '.join(FIELDS)}")
    return cases


def verdicts_text(cases: Sequence[Mapping[str, Any]], grades: "Sequence[Grade]") -> str:
    """The cases with ``verdict``, ``extracted`` and ``reason``, in their order."""
    judged = (
        {**case, "verdict": grade.verdict, "extracted": grade.extracted, "reason": grade.reason}
        for case, grade in zip(cases, grades, strict=True)
    )
    return "".join(f"{json.dumps(case)}\n" for case in judged)


def grades_line(grades: "Sequence[Grade]") -> str:
    """``200 cases, 50.0% right: 100 right, 90 wrong, 10 no_answer``."""
    reasons = Counter(grade.reason for grade in grades)
    share = sum(grade.verdict for grade in grades) / len(grades)
    counts = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    return f"{len(grades)} cases, {share:.1%} right: {counts}"


def _case(path: Path, number: int, *, line: str) -> dict[str, Any]:
    try:
        case = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}:{number}: is no JSON ({error}); give one object per line") from None
    if not isinstance(case, dict):
        raise InputError(f"{path}:{number}: is a {type(case).__name__}; give an object with {' and '.join(FIELDS)}")
    for field in FIELDS:
        if field not in case:
            raise InputError(f"{path}:{number}: has no field {field!r}; give an object with {' and '.join(FIELDS)}")
        if not isinstance(case[field], str):
            raise InputError(f"{path}:{number}: {field} is {case[field]!r:.40}; give a text, in quotes")
    return case
