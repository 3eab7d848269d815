r"""Tuples, intervals, sets, unions, lists and matrices, taken apart at their outermost level."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

AND = r"\land"
"""Joins inequalities that are to hold together."""
LIST = "list"
"""Answers one beside the other, in any order: ``3, 5, 7`` or ``{3, 5, 7}``."""
UNION = "union"
MATRIX = "matrix"
DEEPEST = 40

_BESIDE = frozenset({",", ";", AND})
_TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|[()\[\]{},;]", re.DOTALL)
_OPEN = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", r"\langle": r"\rangle"}
_CLOSE = frozenset(_OPEN.values())
_MATRIX = re.compile(
    r"(?P<factor>[^&\[(]*?|\([^()&]*\)) ?(?P<open>[\[(])? ?"
    r"\\begin\{(?P<kind>[pbB]?matrix|array)\}(?:\{[^{}]*\})?(?P<body>.*)"
    r"\\end\{(?P=kind)\} ?(?(open)[\])])",
    re.DOTALL,
)
_SIGNS = re.compile(r"\\(pm|mp)(?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class Parts:
    """An answer of several parts. ``(3, 4]`` is ``Parts("(]", ("3", "4"))``."""

    kind: str
    """``LIST``, ``UNION``, ``MATRIX`` with its rows, or the two brackets of a tuple or interval."""
    parts: tuple[str, ...]

    @property
    def ordered(self) -> bool:
        """Does the order of the parts matter?"""
        return self.kind not in {LIST, UNION}


def taken_apart(text: str) -> Parts | None:
    """The parts of the answer, None if it is one thing."""
    listed = pieces(text)
    if len(listed) > 1:
        return Parts(LIST, tuple(part for each in listed for part in both_signs(each)))
    if (found := _MATRIX.fullmatch(text)) is not None:
        return _matrix(found["body"], factor=found["factor"].removesuffix(r"\cdot").strip())
    if (inside := bracketed(text)) is not None:
        # In (1 \pm a, 1 \mp a) the signs go together.
        return Parts(LIST, both_signs(text)) if r"\mp" in text and r"\pm" in text and text[0] == "(" else inside
    joined = pieces(text, {r"\cup"})
    if len(joined) > 1:
        return Parts(UNION, tuple(joined))
    signs = both_signs(text)
    return Parts(LIST, signs) if len(signs) > 1 else None


def well_formed(text: str) -> bool:
    """Is every bracket closed, of whatever kind, and none nested deeper than answers are?"""
    depths = [depth for _, depth in _levels(text)] or [0]
    return min(depths) >= 0 and max(depths) <= DEEPEST and depths[-1] == 0


def is_list(text: str) -> bool:
    """Are there several answers, one beside the other?"""
    return len(pieces(text)) > 1


def both_signs(text: str) -> tuple[str, ...]:
    r"""``1 \pm \sqrt{2}`` is two answers."""
    if not _SIGNS.search(text):
        return (text,)
    return (
        _SIGNS.sub(lambda sign: "+" if sign[1] == "pm" else "-", text).removeprefix("+"),
        _SIGNS.sub(lambda sign: "-" if sign[1] == "pm" else "+", text).removeprefix("+"),
    )


def bracketed(text: str) -> Parts | None:
    """Parts inside the one pair of brackets around the whole text."""
    first = _TOKEN.match(text)
    last = next((token for token, depth in _levels(text) if depth == 0), None)
    if first is None or first[0] not in _OPEN or last is None or last.end() != len(text):
        return None
    inner = text[first.end() : last.start()].strip()
    parts = tuple(pieces(inner))
    if first[0] == r"\{":
        return Parts(LIST, tuple(part for each in parts for part in both_signs(each)))
    if first[0] == "{":
        return None
    if len(parts) == 1:
        return Parts(LIST, parts) if first[0] == "(" and last[0] == ")" else None
    return Parts(first[0] + last[0], parts)


def _matrix(body: str, *, factor: str) -> Parts:
    rows = [row.strip() for row in body.split("\\\\")]
    rows = rows[:-1] if not rows[-1] else rows
    cells = [cell.strip() for row in rows for cell in row.split("&")]
    cells = [f"{factor} ({cell})" for cell in cells] if factor else cells
    return Parts(f"{MATRIX} of {len(rows)}", tuple(cells))


def pieces(text: str, separators: set[str] | frozenset[str] = _BESIDE) -> list[str]:
    """The parts between separators outside all brackets."""
    found, start = [], 0
    for token, depth in _levels(text):
        if depth == 0 and token[0] in separators:
            found.append(text[start : token.start()].strip())
            start = token.end()
    return [*found, text[start:].strip()]


def _levels(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """Brackets, separators and commands with the depth they stand at; a closing bracket has that of its opening one."""
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in _OPEN) - (token[0] in _CLOSE)
        yield token, depth
