"""The whole response is the number: no words, no sign of plus, no separators, no full stop."""

import re
from collections.abc import Callable, Sequence
from typing import Self

from knapsack_rl.tasks.grading.grade import Case, Grade

BLANKS = " \t\r\n"
"""What may stand before and after the number."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


class BareNumberGrader:
    """Pure string work: no processes, nothing to close.

    Right is the reference to the letter. ``7`` is; ``7.``, ``+7``, ``07``, ``7.0``, ``1,000``, digits of other scripts,
    ``The answer is 7`` are not. A response that is no number in this spelling has no answer; another number is wrong.
    """

    def grade(self, response: str, answer: str, /) -> Grade:
        """Judge one response; never raises."""
        found = response.strip(BLANKS)
        if not _NUMBER.fullmatch(found):
            return Grade(0, None, "no_answer")
        right = found == answer
        return Grade(int(right), found, "right" if right else "wrong")

    def grade_many(self, cases: Sequence[Case], /, *, on_done: Callable[[int], None] | None = None) -> list[Grade]:
        """Judge many, in their order."""
        grades = [self.grade(response, answer) for response, answer in cases]
        if on_done:
            on_done(len(grades))
        return grades

    def close(self) -> None:
        """Nothing to do."""

    def __enter__(self) -> Self:
        """The grader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to do."""
