r"""Sets of real numbers, however written: ``\mathbb{R} \setminus \{2\}``, ``x < 2 \cup x > 2``, ``|x| < 2``."""

import logging
import re
from typing import Any

import sympy

from knapsack_rl.tasks.grading.algebra import read, same_expression
from knapsack_rl.tasks.grading.structure import AND, both_signs, bracketed, pieces

_SET = re.compile(r"[<>]|\\(?:le|ge|ne|lt|gt|cup|cap|setminus|mathbb|in|infty)(?![a-z])")
_ORDER = re.compile(r"[<>]|\\(?:le|ge|ne|lt|gt)(?![a-z])")
_MEMBER = re.compile(r"([A-Za-z]) ?\\in(?![a-z]) ?(.+)", re.DOTALL)
_BUILDER = re.compile(r"([A-Za-z])(?: ?\\in ?\\mathbb\{R\})? ?(?:\\mid(?![a-z])|\||:) ?(.+)", re.DOTALL)


def equal(reference: str, response: str) -> bool:
    """Are these the same expression, relation or set? The spelling is that of ``spell``; what cannot be read is not."""
    logging.getLogger("math_verify").setLevel(logging.ERROR)  # it warns that we keep the time ourselves
    alike = same_set(reference, response)
    return same_expression(reference, response) if alike is None else alike


def same_set(reference: str, response: str) -> bool | None:
    """Are these the same set of numbers? None unless both are sets or inequalities in one letter."""
    if not (_SET.search(reference) or _SET.search(response)):
        return None
    letters: set[str] = set()
    try:
        wanted, given = (_set(text, letters) for text in (reference, response))
    except (NotImplementedError, TypeError, ValueError, AttributeError):
        return None
    if not (isinstance(wanted, sympy.Set) and isinstance(given, sympy.Set)) or len(letters) > 1:
        return None
    return bool(wanted == given or ((wanted - given).is_empty and (given - wanted).is_empty))


def _set(text: str, letters: set[str]) -> Any:  # noqa: ANN401
    """The sympy set, None for what is none; the letter its numbers go by is added to ``letters``."""
    for sign, join in ((r"\cup", sympy.Union), (r"\setminus", sympy.Complement), (r"\cap", sympy.Intersection)):
        if len(parts := pieces(text, {sign})) > 1:
            first, *rest = (_set(part, letters) for part in parts)
            for one in rest:
                first = join(first, one)
            return first
    if (member := _MEMBER.fullmatch(text)) is not None:
        letters.add(member[1])
        return _set(member[2], letters)
    if text == r"\mathbb{R}":
        return sympy.S.Reals
    if text.startswith(r"\{") and text.endswith(r"\}") and (built := _BUILDER.fullmatch(text[2:-2].strip())):
        letters.add(built[1])
        return _set(built[2], letters)
    if (inside := bracketed(text)) is not None and not _ORDER.search(text):
        return _interval(inside, text)
    return _solutions(text, letters)


def _interval(inside: Any, text: str) -> Any:  # noqa: ANN401
    values = [read(part) for part in inside.parts]
    if text.startswith(r"\{"):
        return sympy.FiniteSet(*values)
    if len(values) != 2:  # noqa: PLR2004
        return None
    return sympy.Interval(*values, left_open=text[0] == "(", right_open=text[-1] == ")")


def _solutions(text: str, letters: set[str]) -> Any:  # noqa: ANN401
    """Numbers that meet the inequalities; several meet all, or any if none meets all and no word says that it must."""
    parts = [each for part in pieces(text) for each in both_signs(part)]
    found = []
    for part in parts:
        if not _ORDER.search(part) and len(parts) > 1:
            found.append(_set(part, letters))
            continue
        relation = read(part)
        if not _ORDER.search(part) or not isinstance(relation, sympy.logic.boolalg.Boolean):
            return None
        letters.update(map(str, relation.free_symbols))
        if len(relation.free_symbols) != 1:
            return None
        found.append(relation.as_set())
    every = sympy.Intersection(*found)
    return sympy.Union(*found) if every.is_empty and AND not in text else every
