r"""Equality of two expressions by math-verify, kept from its leniencies. Runs in a worker process only.

math-verify reads the LaTeX and compares equations, inequalities and sets. Two expressions are compared here at a few
points with 30 digits, relative to their size: math-verify rounds to six decimals, so that 1e-8 is 2e-8.
"""

import logging
import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

from knapsack_rl.tasks.grading.number import Scaled, number

DIGITS = 30
AGREEMENT = Fraction(1, 10**15)
"""Relative difference of equal values; they are worked out to twice as many digits."""
LONGEST_INTEGER = 4_000
"""Digits up to which expressions of integers, ``2^{100}``, are compared exactly."""
POINTS = 5
ENOUGH = 3
"""Points at which two expressions of the same letters must be defined and agree."""

_MISREAD = re.compile(r"(?<!_)(?<!_\{)\\text\{|[0-9] [0-9]")
"""math-verify drops words, and "5 if n is odd" is not 5; it reads "3 4" as a sum."""
_PRIME = re.compile(r"'|\\prime")
"""math-verify drops these too."""
_FACTORIAL = re.compile(r"([A-Za-z0-9]|\([^()]*\))!\^")
_WHOLE = re.compile(r"(?<=[0-9])\.(?![0-9])")


def equal(reference: str, response: str) -> bool:
    """Are these the same expression, relation or set? The spelling is that of ``spell``; what cannot be read is not."""
    import sympy
    from math_verify import verify

    wanted, given = _read(reference), _read(response)
    if wanted is None or given is None or len(_PRIME.findall(reference)) != len(_PRIME.findall(response)):
        return False
    if isinstance(wanted, sympy.Expr) and isinstance(given, sympy.Expr):
        verdict = _agree(wanted, given, rounding=_rounding(reference, response))
        if verdict is not None:
            return verdict
    return bool(
        verify(
            wanted, given, float_rounding=DIGITS, numeric_precision=DIGITS,
            allow_set_relation_comp=True, timeout_seconds=None,
        )
    )  # fmt: skip


@lru_cache(maxsize=256)
def _read(text: str) -> Any:  # noqa: ANN401 - whatever sympy makes of it
    """The sympy object, None if the text is not one whole formula."""
    from latex2sympy2_extended import NormalizationConfig
    from math_verify import LatexExtractionConfig, parse

    logging.getLogger("math_verify").setLevel(logging.ERROR)  # it warns that we keep the time ourselves
    if _MISREAD.search(text):
        return None
    text = _FACTORIAL.sub(r"(\1!)^", _WHOLE.sub("", text))
    # Units are gone by now; math-verify's own rule would take the letters of 2ab for one.
    normalise = NormalizationConfig(basic_latex=True, units=False, malformed_operators=True, nits=False, boxed="all")
    config = LatexExtractionConfig(boxed_match_priority=0, normalization_config=normalise)
    # Only the formula itself: no number found in the text, no text where a formula cannot be read.
    read = parse(
        rf"\boxed{{{text}}}", [config], fallback_mode="no_fallback", extraction_mode="first_match", parsing_timeout=None
    )
    return _exact(read[0]) if read else None


def _exact(formula: Any) -> Any:  # noqa: ANN401
    """Decimals as the fractions they are."""
    import sympy

    if not isinstance(formula, sympy.Basic):
        return formula
    return formula.xreplace({decimal: sympy.Rational(str(decimal)) for decimal in formula.atoms(sympy.Float)})


def _rounding(reference: str, response: str) -> Fraction:
    """Half the last place of a decimal of six digits or more on one side, else 0."""
    written = [value for value in (number(reference), number(response)) if isinstance(value, Scaled)]
    return max((value.rounding() for value in written), default=Fraction(0))


def _agree(wanted: Any, given: Any, *, rounding: Fraction) -> bool | None:  # noqa: ANN401
    """Do two expressions have the same value at a few points? None if too few of the points can be worked out."""
    names = sorted({str(symbol) for symbol in wanted.free_symbols | given.free_symbols})
    enough = ENOUGH if names else 1
    agreed = 0
    for point in range(POINTS if names else 1):
        values = _value(wanted, names, point=point), _value(given, names, point=point)
        if None in values:
            continue
        if not _close(*values, rounding=rounding) or (not names and _differ_exactly(wanted, given)):
            return False
        agreed += 1
    return True if agreed >= enough else None


def _value(formula: Any, names: list[str], *, point: int) -> Any:  # noqa: ANN401
    """Value with ``DIGITS`` digits where every letter has a value of its own; None if it has none."""
    import sympy

    where = {symbol: _coordinate(names.index(str(symbol)), point=point) for symbol in formula.free_symbols}
    value = sympy.N(formula.subs(where), 2 * DIGITS)
    return value if value.is_number and value.is_finite and not value.free_symbols else None


def _coordinate(index: int, *, point: int) -> Any:  # noqa: ANN401
    """A fraction between 1/2 and 4, negative at every other point."""
    import sympy

    size = sympy.Rational(1, 2) + sympy.Rational((7919 * (index + 1) + 104729 * (point + 1)) % 997, 285)
    return -size if point % 2 else size


def _close(one: Any, other: Any, *, rounding: Fraction) -> bool:  # noqa: ANN401
    import sympy

    size = max(abs(one), abs(other))
    if size < sympy.Rational(1, 10**100):
        return True
    least = sympy.Rational(rounding.numerator, rounding.denominator)
    return bool(abs(one - other) <= max(size * sympy.Rational(1, AGREEMENT.denominator), least))


def _differ_exactly(one: Any, other: Any) -> bool:  # noqa: ANN401
    """Are these two different integers? Asked of values that agree in their leading digits."""
    import sympy

    if not (one.is_integer and other.is_integer):
        return False
    size = sympy.log(abs(sympy.N(one, DIGITS)) + 1, 10)
    if size > LONGEST_INTEGER:
        return True
    return bool(abs(sympy.N(one - other, int(size) + DIGITS)) > sympy.Rational(1, 2))
