r"""The boxed grader: mathematical equality of the last ``\boxed{}`` with the reference."""

from collections import Counter
from collections.abc import Callable, Sequence
from importlib.util import find_spec

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.tasks.grading.box import final_box, unboxed
from knapsack_rl.tasks.grading.comparison import no_algebra, same
from knapsack_rl.tasks.grading.grade import Case, Grade, Grader
from knapsack_rl.tasks.grading.number import number, same_number
from knapsack_rl.tasks.grading.spelling import spell, tight
from knapsack_rl.tasks.grading.worker import RIGHT, WRONG
from knapsack_rl.tasks.isolation.pool import WorkerPool
from knapsack_rl.tasks.isolation.process import TIMEOUT
from knapsack_rl.tasks.needs import of_extra
from knapsack_rl.tasks.templates import BOXED

PROGRAM = "knapsack_rl.tasks.grading.worker"
"""Module whose ``main`` compares expressions in a process of its own."""
LONGEST = 2_000
"""Characters of an answer that is compared as mathematics; a longer one must be the same number or the same text."""

_REASONS = {RIGHT: "right", WRONG: "wrong", TIMEOUT: "timeout"}
_DECIDED = {True: RIGHT, False: WRONG, None: None}


class BoxedGrader(Grader):
    """Decides most answers from their text, at once; the rest go to worker processes, which start on first need.

    Raises:
        ConfigError: math-verify is not installed.
    """

    answer_style = BOXED
    libraries = (of_extra("math-verify", extra="train"),)

    def __init__(self, *, num_workers: int | None = None) -> None:
        if find_spec("math_verify") is None:
            raise ConfigError("the boxed grader needs math-verify; install it with: pip install 'knapsack-rl[train]'")
        self._pool = WorkerPool(num_workers, program=PROGRAM)

    def grade(self, response: str, answer: str, /) -> Grade:
        """Judge one response; never raises on any text."""
        return self.grade_many([(response, answer)])[0]

    def grade_many(self, cases: Sequence[Case], /, *, on_done: Callable[[int], None] | None = None) -> list[Grade]:
        """Judge many, in their order; a pair of answers that occurs again is compared once."""
        found = [final_box(response) for response, _ in cases]
        pairs = [(unboxed(answer), box or "") for (box, _), (_, answer) in zip(found, cases, strict=True)]
        times = Counter(pair for pair in pairs if pair[1])
        heard = on_done or (lambda _: None)
        heard(len(cases) - times.total())
        verdicts = self._verdicts(times, heard)
        return [
            Grade(int(verdicts[pair] == RIGHT), box, _REASONS[verdicts[pair]])
            if box
            else Grade(0, None, reason or "no_answer")
            for (box, reason), pair in zip(found, pairs, strict=True)
        ]

    def _verdicts(self, times: Counter[Case], on_done: Callable[[int], None]) -> dict[Case, bytes]:
        verdicts: dict[Case, bytes] = {}
        hard = []
        for pair, count in times.items():
            if (decided := _at_once(*pair)) is None:
                hard.append(pair)
            else:
                verdicts[pair] = decided
                on_done(count)
        answers = self._pool.decide(hard, on_done=lambda index: on_done(times[hard[index]]))
        return verdicts | dict(zip(hard, answers, strict=True))

    def processes(self) -> list[int]:
        """Ids of the worker processes that are running."""
        return self._pool.processes()

    def close(self) -> None:
        """End the worker processes; they start anew if the grader is used again."""
        self._pool.close()


def _at_once(answer: str, box: str) -> bytes | None:
    """Verdict from the text alone, None if algebra must tell."""
    if not answer:
        return WRONG
    if answer == box:
        return RIGHT
    if answer.isascii() and answer.isdecimal() and box.isascii() and box.isdecimal():  # most answers of GSM8K and DAPO
        return RIGHT if answer.lstrip("0") == box.lstrip("0") else WRONG
    if max(len(answer), len(box)) > LONGEST:
        return RIGHT if _same_long(answer, box) else WRONG
    return _DECIDED[same(spell(answer), spell(box), algebra=no_algebra)]


def _same_long(answer: str, box: str) -> bool:
    wanted, given = (number(tight(text).replace("{,}", ",")) for text in (answer, box))
    return same_number(wanted, given) if wanted and given else tight(answer) == tight(box)
