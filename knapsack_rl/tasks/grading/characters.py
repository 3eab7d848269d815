# ruff: noqa: RUF001, RUF002 - look-alikes are the matter of this module
r"""Unicode to LaTeX in ASCII: ``−½`` becomes ``-\frac{1}{2}``, ``２π`` becomes ``2\pi``, ``x²`` becomes ``x^{2}``."""

import re
import unicodedata
from importlib.resources import files

import yaml

_SIGNS: dict[str, str] = yaml.safe_load(files(__package__).joinpath("characters.yaml").read_text(encoding="utf-8"))

_ROOT = re.compile(r"√\s*(?:\{([^{}]*)\}|\(([^()]*)\)|([0-9]+(?:\.[0-9]+)?|\w))")
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+")
_LOWERED = re.compile("[₀₁₂₃₄₅₆₇₈₉]+")


class _Table(dict[int, str]):
    """Translation of single characters, worked out at first sight."""

    def __missing__(self, code: int) -> str:
        self[code] = found = chr(code) if chr(code).isascii() else _ascii(chr(code))
        return found


def _ascii(character: str) -> str:
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    match unicodedata.category(character):
        case "Zs":
            return " "
        case "Cf":  # zero-width marks
            return ""
    return _letter_or_fraction(character)


def _letter_or_fraction(character: str) -> str:
    name = unicodedata.name(character, "")
    if (greek := re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", name)) is not None:
        letter = greek[2].lower().replace("lamda", "lambda")
        return f"\\{letter.capitalize() if greek[1] == 'CAPITAL' else letter} "
    folded = unicodedata.normalize("NFKC", character)
    if (fraction := re.fullmatch(r"([0-9]+)⁄([0-9]+)", folded)) is not None:
        return rf"\frac{{{fraction[1]}}}{{{fraction[2]}}}"
    return folded if folded.isascii() else character


_TABLE = _Table({ord(character): sign for characters, sign in _SIGNS.items() for character in characters})


def to_ascii(text: str) -> str:
    """Look-alikes, foreign digits, blanks of any width and mathematical signs in their LaTeX spelling."""
    if text.isascii():
        return text
    text = _RAISED.sub(lambda run: f"^{{{unicodedata.normalize('NFKC', run[0]).replace('−', '-')}}}", text)
    text = _LOWERED.sub(lambda run: f"_{{{unicodedata.normalize('NFKC', run[0])}}}", text)
    text = _ROOT.sub(lambda root: rf"\sqrt{{{next(group for group in root.groups() if group is not None)}}}", text)
    return text.translate(_TABLE)
