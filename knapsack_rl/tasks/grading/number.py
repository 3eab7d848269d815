r"""Written numbers, compared exactly whatever their length: integers, decimals, powers of ten, fractions, bases."""

import re
from dataclasses import dataclass, field
from fractions import Fraction

MOST_DIGITS = 2_000
"""Digits and exponents up to which a fraction is worked out; integers and decimals have no limit."""
ROUNDED_DIGITS = 6
"""A decimal of that many significant digits may stand for the exact value that rounds to it."""

_UNSIGNED = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_TIMES = r"(?:\\times|\\cdot|\*|x)"
_EXPONENT = r"[+-]?[0-9]{1,9}|\{ ?[+-]? ?[0-9]{1,9} ?\}"
_DECIMAL = re.compile(
    rf"(?P<sign>[+-]?) ?(?:(?P<digits>{_UNSIGNED})(?: ?(?:[eE] ?|{_TIMES} ?10 ?\^ ?)(?P<power>{_EXPONENT}))?"
    rf"|10 ?\^ ?(?P<of_ten>{_EXPONENT}))"
)
_THOUSANDS = re.compile(r"[+-]? ?[0-9]{1,3}(?:(?:, ?[0-9]{3})+|(?: [0-9]{3})+)(?:\.[0-9]+)?")
_FRACTION = re.compile(
    rf"(?P<sign>[+-]?) ?(?:(?P<whole>[0-9]+)(?: |(?=\\)))?"
    rf"(?:\\frac\{{ ?(?P<num>[+-]? ?{_UNSIGNED}) ?\}}\{{ ?(?P<den>[+-]? ?{_UNSIGNED}) ?\}}"
    rf"|(?P<num2>{_UNSIGNED}) ?/ ?(?P<den2>{_UNSIGNED}))"
)
_REPEATING = re.compile(r"(?P<sign>[+-]?) ?(?P<whole>[0-9]*)\.(?P<once>[0-9]*)\\overline\{(?P<again>[0-9]+)\}")
_BASE = re.compile(
    r"\(?(-?[0-9A-Za-z]+)\)?(?:_\{?(?:\\text\{ ?)?(?:base ?\}? ?)?\(?([0-9]+|[a-z]+)\)? ?\}{0,2}"
    r"| ?\(?(?:in )?base[- ]?([0-9]+)\)?)"
)
_NAMES = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_BASES = {name: base for base, name in enumerate(_NAMES, start=2)} | {"twelve": 12, "sixteen": 16}
_BASES |= {str(base): base for base in range(2, 37)}


@dataclass(frozen=True, slots=True)
class Scaled:
    """``sign * int(digits) * 10**power`` with no zero at either end of ``digits``; zero has none.

    Equal numbers are equal however they were written.
    """

    sign: int
    digits: str
    power: int
    num_written: int = field(compare=False)
    """Significant digits as written; 0 for an integer."""

    def fraction(self) -> Fraction | None:
        """The value, None if it is too long to be worked out."""
        if len(self.digits) > MOST_DIGITS or abs(self.power) > MOST_DIGITS:
            return None
        return self.sign * int(self.digits or "0") * Fraction(10) ** self.power

    def rounding(self) -> Fraction:
        """Half a unit of the last digit written, if there are at least six; else 0."""
        if self.num_written < ROUNDED_DIGITS or self.fraction() is None:
            return Fraction(0)
        return Fraction(10) ** (self.power + len(self.digits) - self.num_written) / 2


Number = Scaled | Fraction


def number(text: str) -> Number | None:
    r"""The number that the text is, all of it, or None. The spelling is that of ``spell``.

    ``1,234``, ``-.5``, ``3e8``, ``3 \times 10^{8}``, ``\frac{1}{2}``, ``-1./3``, ``1\frac{4}{5}``, ``0.1\overline{6}``.
    """
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "").replace(" ", "")
    if (found := _DECIMAL.fullmatch(text)) is not None:
        return _scaled(found["sign"], found["digits"] or "1", power=found["power"] or found["of_ten"])
    return _fraction(text) if len(text) <= MOST_DIGITS else None


def same_number(one: Number, other: Number) -> bool:
    """Exact equality; a decimal of six digits or more also equals the fraction that rounds to it."""
    if isinstance(one, Fraction) and isinstance(other, Scaled):
        return same_number(other, one)
    if isinstance(one, Scaled) and isinstance(other, Fraction):
        value = one.fraction()
        return value is not None and abs(value - other) <= one.rounding()
    return one == other


def hundredth(value: Number) -> Number:
    """The value of so many per cent."""
    if isinstance(value, Fraction):
        return value / 100
    return Scaled(value.sign, value.digits, value.power - 2 if value.digits else 0, value.num_written)


def based(text: str) -> tuple[str, int] | None:
    """Digits and base of ``2516_8``, ``2516_{8}``, ``(2516)_{eight}`` or ``2516 base 8``; None for other texts."""
    found = _BASE.fullmatch(text)
    if found is None:
        return None
    base = _BASES.get(found[2] or found[3])
    digits = found[1].upper().lstrip("-")
    if not base or any(int(digit, 36) >= base for digit in digits):
        return None
    sign = "-" if found[1].startswith("-") else ""
    return sign + (digits.lstrip("0") or "0"), base


def _scaled(sign: str, digits: str, *, power: str | None) -> Scaled:
    whole, _, decimals = digits.partition(".")
    scale = int(power.strip("{} ").replace(" ", "")) if power else 0
    # A point, or a power of ten, says that the number may be rounded.
    num_written = len((whole + decimals).lstrip("0")) if decimals or power else 0
    kept = (whole + decimals).lstrip("0")
    short = kept.rstrip("0")
    if not short:
        return Scaled(0, "", 0, 0)
    return Scaled(-1 if sign == "-" else 1, short, scale - len(decimals) + len(kept) - len(short), num_written)


def _fraction(text: str) -> Fraction | None:
    if (found := _REPEATING.fullmatch(text)) is not None:
        once, again = found["once"], found["again"]
        top = Fraction(int(once + again) - int(once or 0))  # 0.1666... is 16 - 1 over 90
        bottom = Fraction((10 ** len(again) - 1) * 10 ** len(once))
    elif (found := _FRACTION.fullmatch(text)) is not None:
        top = Fraction((found["num"] or found["num2"]).replace(" ", ""))
        bottom = Fraction((found["den"] or found["den2"]).replace(" ", ""))
    if found is None or bottom == 0:
        return None
    value = int(found["whole"] or 0) + top / bottom
    return -value if found["sign"] == "-" else value
