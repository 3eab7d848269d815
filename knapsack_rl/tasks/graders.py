"""The graders that a task uses, each made on first need."""

from collections.abc import Sequence

from knapsack_rl.tasks.grading import Grader, build_grader
from knapsack_rl.tasks.verdict import Response, Verdict


class Graders:
    """Graders by name; their processes end with ``close`` and start again on the next use."""

    def __init__(self) -> None:
        self._made: dict[str, Grader] = {}

    def judge(self, name: str, responses: Sequence[Response]) -> list[Verdict]:
        """Verdicts of one grader, in order."""
        if name not in self._made:
            self._made[name] = build_grader(name)
        grades = self._made[name].grade_many([(one.text, one.prompt.answer) for one in responses])
        return [Verdict(grade.verdict, grade.reason, grade.extracted) for grade in grades]

    def close(self) -> None:
        """End the graders' processes, if they have any."""
        for grader in self._made.values():
            grader.close()
