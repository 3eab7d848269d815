r"""The final answer of a response that was asked for ``\boxed{}``."""

import re

OPEN_THOUGHT, CLOSE_THOUGHT = "<think>", "</think>"

_BOX = re.compile(r"\\boxed\s*\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)  # an escaped brace is text, \{1, 2\}


def final_box(response: str) -> tuple[str | None, str | None]:
    r"""Content of the last ``\boxed{}`` after the thoughts, and why there is none: ``no_answer`` or ``truncated``.

    The last box counts even if it is empty or cut off: an earlier one is not the final answer. Time is linear in the
    length of the response.
    """
    said = response.rpartition(CLOSE_THOUGHT)[2]
    if OPEN_THOUGHT in said:
        return None, "truncated"
    start = None
    for box in _BOX.finditer(said):
        start = box.end()
    if start is None:
        return None, "no_answer"
    content = _balanced(said, start)
    if content is None:
        return None, "truncated"
    return (content.strip(), None) if content.strip() else (None, "no_answer")


def unboxed(answer: str) -> str:
    r"""A reference answer without the ``\boxed{}`` it may come in."""
    return final_box(answer)[0] or answer.strip()


def _balanced(text: str, start: int) -> str | None:
    """Text from ``start`` to the brace that closes the one before it."""
    depth = 1
    for brace in _BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(brace.group(), 0)
        if depth == 0:
            return text[start : brace.start()]
    return None
