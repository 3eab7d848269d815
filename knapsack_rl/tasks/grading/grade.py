"""What a grader takes and gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

from knapsack_rl.tasks.needs import Library

Case = tuple[str, str]
"""A response and its reference answer."""


@dataclass(frozen=True, slots=True)
class Grade:
    r"""Judgement of one response. Example: ``Grade(verdict=1, extracted="\frac{1}{2}", reason="right")``."""

    verdict: int
    """1 right, 0 wrong."""
    extracted: str | None
    """The final answer as the response spells it, None if it has none."""
    reason: str
    """``right``; ``wrong``: another answer; ``no_answer``: none, or an empty one; ``truncated``: the text ends inside
    the final answer or inside the thoughts; ``timeout``: the comparison was given up after its time or memory."""


class Grader(Protocol):
    """Judges responses; one that subclasses this needs ``grade`` alone.

    A grader may own worker processes: use it as a context manager, or call ``close``.
    """

    answer_style: ClassVar[str | None] = None
    """How it wants the final answer, one of ``templates.ANSWER_STYLES``; None: it reads any style."""
    libraries: ClassVar[tuple[Library, ...]] = ()
    """What must be installed for it."""

    def grade(self, response: str, answer: str, /) -> Grade:
        """Judge one response; never raises on any text."""
        ...

    def grade_many(self, cases: Sequence[Case], /, *, on_done: Callable[[int], None] | None = None) -> list[Grade]:
        """Judge many, in their order; with processes much faster. ``on_done(n)`` hears that n more are decided."""
        grades = [self.grade(response, answer) for response, answer in cases]
        if on_done:
            on_done(len(grades))
        return grades

    def close(self) -> None:
        """End the worker processes, if there are any; the grader starts new ones if it is used again."""

    def __enter__(self) -> Self:
        """The grader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
