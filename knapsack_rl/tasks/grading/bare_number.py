"""The whole response is the number: no words, no sign of plus, no separators, no full stop."""

import re

from knapsack_rl.tasks.grading.grade import Grade, Grader
from knapsack_rl.tasks.templates import BARE_NUMBER

BLANKS = " \t\r\n"
"""What may stand before and after the number."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


class BareNumberGrader(Grader):
    """Judges the whole response as written.

    Right is the reference to the letter. ``7`` is; ``7.``, ``+7``, ``07``, ``7.0``, ``1,000``, digits of other scripts,
    ``The answer is 7`` are not. A response that is no number in this spelling has no answer; another number is wrong.
    """

    answer_style = BARE_NUMBER

    def grade(self, response: str, answer: str, /) -> Grade:
        """Judge one response; never raises."""
        found = response.strip(BLANKS)
        if not _NUMBER.fullmatch(found):
            return Grade(0, None, "no_answer")
        right = found == answer
        return Grade(int(right), found, "right" if right else "wrong")
