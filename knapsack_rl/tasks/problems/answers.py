"""Reading the final answer out of a data set's answer column. Each function leaves a bare final answer alone."""

import ast
import re

_WHOLE = re.compile(r"([+-]?\d+)(?:\.0*)?(?:\^\{?\\circ\}?)?")
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
    _, box, rest = max((text.rpartition(box) for box in ("\\boxed", "\\fbox")), key=lambda parts: len(parts[0]))
    if not box:
        return text.strip()
    rest = rest.lstrip()
    if not rest.startswith("{"):
        return re.split(r"[\s$.]", rest, maxsplit=1)[0]
    depth = 0
    for index, character in enumerate(rest):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return rest[1:index].strip()
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
