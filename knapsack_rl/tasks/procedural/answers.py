"""How a response states its final answer, to be written in demonstrations and to be read from responses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_letters, digits

import numpy as np

from knapsack_rl.tasks.grading.box import final_box
from knapsack_rl.tasks.grading.dapo import answer_line
from knapsack_rl.tasks.task import UNKNOWN
from knapsack_rl.tasks.templates import ANSWER_LINE, BOXED

END = "\N{SYMBOL FOR END OF TEXT}"
"""Ends a response of a model that is built for the task; no set uses it."""
VOCABULARY = (*(chr(code) for code in range(ord(" "), ord("~") + 1)), "\n", UNKNOWN, END)
"""Printable ASCII, line breaks, and one token for all else."""
OTHER_SHARE = 0.5
"""Share of wrong answers that are another item's; the others have one character changed."""


@dataclass(frozen=True, slots=True)
class Style:
    """Example: ``Style(write="Answer: {}".format, read=answer_line)``."""

    write: Callable[[str], str]
    read: Callable[[str], str | None]
    """The final answer of a response, None if there is none."""


STYLES = {
    "response": Style(str, lambda response: response),
    BOXED: Style(r"\boxed{{{}}}".format, lambda response: final_box(response)[0]),
    ANSWER_LINE: Style("Answer: {}".format, answer_line),
}


def read_answer(response: str, style: str) -> str | None:
    """The final answer without blanks around it, None if there is none or it is empty."""
    return (STYLES[style].read(response.removesuffix(END)) or "").strip() or None


def write_answer(answer: str, style: str) -> str:
    """A whole response that gives this answer and ends."""
    return STYLES[style].write(answer) + END


def wrong_answer(right: str, others: Sequence[str], *, rng: np.random.Generator) -> str:
    """An answer of another text than the right one: another item's, or one with one character changed.

    It may be right all the same where several answers are (``3*4`` for ``4*3``), and is the right one where the answer
    has neither a digit nor a letter and all items share it.
    """
    other = others[int(rng.integers(len(others)))]
    changeable = [place for place, character in enumerate(right) if character in ascii_letters + digits]
    if other != right and (not changeable or rng.random() < OTHER_SHARE):
        return other
    if not changeable:
        return right
    place = changeable[int(rng.integers(len(changeable)))]
    kind = next(kind for kind in (digits, ascii_letters[:26], ascii_letters[26:]) if right[place] in kind)
    instead = kind.replace(right[place], "")
    return right[:place] + instead[int(rng.integers(len(instead)))] + right[place + 1 :]
