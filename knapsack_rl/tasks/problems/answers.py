"""Reading the final answer out of a data set's answer column. Each function leaves a bare final answer alone."""

import ast
import re

_WHOLE = re.compile(r"([+-]?\d+)(?:\.0*)?(?:\^\{?\\circ\}?)?")
_BOX = re.compile(r"\\(?:boxed|fbox)(?![a-zA-Z])")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
r"""An escaped brace is text: ``\boxed{\left\{ 1 \right.}``."""
_CODE = re.compile(r"""\[\s*['"{\[]|\{\s*['"]""")
"""How a list of texts or an object begins; an interval or a set of numbers does not."""
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")


def as_it_is(text: str) -> str:
    """The text without outer whitespace."""
    return text.strip()


def after_hashes(text: str) -> str:
    """What follows ``####``, without thousands commas (GSM8K: a rationale, then ``#### 1,234``)."""
    return _THOUSANDS.sub("", text.rpartition("####")[2].strip())


def last_box(text: str) -> str:
    r"""Content of the last ``\boxed{...}`` or ``\fbox{...}`` (braces balanced) or ``\boxed x`` (MATH: a solution).

    A text without a box is its own answer; an empty or never closed box gives an empty answer.
    """
    *_, last = [None, *_BOX.finditer(text)]
    if last is None:
        return text.strip()
    rest = text[last.end() :].lstrip()
    if not rest.startswith("{"):
        return re.split(r"[\s$.]", rest, maxsplit=1)[0]
    depth = 0
    for brace in _BRACE.finditer(rest):
        depth += {"{": 1, "}": -1}.get(brace.group(), 0)
        if depth == 0:
            return rest[1 : brace.start()].strip()
    return ""


def whole_number(text: str) -> str:
    r"""``27.0``, ``027`` and ``27^\circ`` as ``27`` (AIME, AMC); anything else as it is."""
    found = _WHOLE.fullmatch(text.strip())
    return str(int(found.group(1))) if found else text.strip()


def first_of_list(text: str) -> str:
    """First entry of a list written as text, without dollar signs (OlympiadBench: ``['$2$']``)."""
    stripped = text.strip()
    if stripped.startswith("[") and stripped.endswith("]"):
        try:
            entries = ast.literal_eval(stripped)
        except (ValueError, SyntaxError):
            return stripped  # an interval such as [0, 1) or LaTeX in brackets is an answer itself
        if isinstance(entries, list) and entries and isinstance(entries[0], str):
            stripped = entries[0].strip()
    return stripped.removeprefix("$").removesuffix("$").strip()


def is_code(text: str) -> bool:
    """Whether a list of texts, lists or objects, or an object, was written out as text: ``['5']``, ``{"value": 5}``."""
    if not _CODE.match(text):
        return False
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return False
    return isinstance(value, dict) or (isinstance(value, list) and not all(isinstance(one, list) for one in value))
