r"""One spelling for answers that differ in layout only: ``\left(\dfrac12, 3\right).`` becomes ``(\frac{1}{2}, 3)``."""

import re
from importlib.resources import files

import yaml

from knapsack_rl.tasks.grading.characters import to_ascii

_FILE = yaml.safe_load(files(__package__).joinpath("spelling.yaml").read_text(encoding="utf-8"))


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"<(\w+)>", lambda name: _FILE["names"].get(name[1], name[0]), text))


_SYSTEM = re.compile(
    r"(?:\\left ?\\\{\s*)?\\begin\{(cases|aligned|align\*?|gather(?:ed|\*)?|split|equation\*?|array)\}"
    r"(?:\{[lcr| ]*\})?(.*)\\end\{\1\}(?:\s*\\right\.)?",
    re.DOTALL,
)
_ORDER = re.compile(r"[<>≤≥]|\\(?:le|ge|lt|gt)[a-z]*(?![a-z])")
_WRAPPED = _pattern(r"(?:\\(?:<bold>)\s*)?\{((?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*)\}")
_NAME = re.compile(r"\s*\\?[A-Za-z]+(?:_\S+|\([^()]*\))?\s*")

_RARE = _pattern(_FILE["rare_signs"])
_RULES, _RARE_RULES, _JOINTS = (
    [(_pattern(pattern), replacement) for pattern, replacement in _FILE[name]] for name in ("rules", "rare", "joints")
)
_BLANKS = re.compile(r"(?<![0-9])\s+|\s+(?![0-9\s])")
_TRAILING = " .,;:\\"


def spell(answer: str) -> str:
    """The answer in the one spelling. Steps are linear in its length, and few."""
    answer = _unwrapped(_system(to_ascii(answer)))
    rules = (_JOINTS if _ORDER.search(answer) else []) + (_RARE_RULES if _RARE.search(answer) else []) + _RULES
    for pattern, replacement in rules:
        answer = pattern.sub(replacement, answer)
    # An exact value with its rounding, "\frac{1}{3} \approx 0.33", is the exact value; "x \approx 0.33" is 0.33.
    exact, _, rounded = answer.partition(r"\approx")
    answer = (rounded if rounded and _NAME.fullmatch(exact) else exact).strip()
    return _unwrapped(answer).rstrip(_TRAILING)


def _unwrapped(answer: str) -> str:
    """Without braces and bold type around the whole."""
    answer = answer.strip()
    while r"\choose" not in answer and (wrapped := _WRAPPED.fullmatch(answer)) is not None:
        answer = wrapped[1].strip()
    return answer


def _system(answer: str) -> str:
    """A frame of one cell as its content, a system of equations as their list."""
    if (found := _SYSTEM.fullmatch(answer.strip(" $\n"))) is None:
        return answer
    rows = [re.sub(r"&\s*(?==)|^\s*&", "", row).strip(" ,;\n") for row in re.split(r"\\\\(?:\[\w*\])?", found[2])]
    rows = [row for row in rows if row]
    if any("&" in row for row in rows) or (
        found[1] == "array" and len(rows) > 1 and not all("=" in row for row in rows)
    ):
        return answer
    return ", ".join(rows)


def tight(answer: str) -> str:
    """Without blanks, those between two digits excepted: answers that agree here are the same text."""
    return _BLANKS.sub("", answer)
