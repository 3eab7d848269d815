r"""Equality of two expressions by math-verify, kept from its leniencies. Runs in a worker process only.

latex2sympy reads the LaTeX and math-verify compares equations and inequalities. Two expressions are compared here at a
few points, relative to their size: math-verify rounds to six decimals, so that 1e-8 is 2e-8, and ignores letter case.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy
from latex2sympy2_extended import NormalizationConfig, normalize_latex
from latex2sympy2_extended.latex2sympy2 import ConversionConfig, latex2sympy
from math_verify import verify
from math_verify.grader import unwrap_fcs

from knapsack_rl.tasks.grading.number import Scaled, number

DIGITS = 30
EXACT_DIGITS = 400
"""Digits to which values that agree in ``DIGITS`` are compared; fractions are compared exactly."""
LONGEST_INTEGER = 4_000
"""Digits up to which expressions of integers, ``2^{100}``, are compared exactly."""
POINTS = 5
ENOUGH = 3
"""Points at which two expressions of the same letters must be defined and agree."""
INTEGERS = 40
"""Integers at which expressions with rounding, which jump, must agree."""

_MISREAD = re.compile(r"(?<!_)(?<!_\{)\\text\{|\\pmod|(?<!\^)[0-9] [0-9]")
"""math-verify drops words, and "5 if n is odd" is not 5; it reads "3 4" as a sum."""
_PRIME = re.compile(r"'|\\prime")
"""math-verify drops these too."""
_SPELT = (
    (re.compile(r"(?<=[0-9])\.(?![0-9])"), ""),
    (re.compile(r"([A-Za-z0-9]|\([^()]*\))!\^"), r"(\1!)^"),
    (re.compile(r"(?<![_^0-9A-Za-z.])([0-9.]+|\([^()]*\)) ?\((?=-?[0-9./]+\))"), r"\1 \\cdot ("),
    (re.compile(r"(\([^()]*\)|[0-9.]+|\\?[A-Za-z]+) ?\^\\circ ?"), r"(\\frac{\1 \\pi}{180})"),
    # Read as the imaginary unit otherwise; lower-case i is that.
    (re.compile(r"(\\[A-Za-z]+)|I"), lambda found: found[1] or r"\Xi "),
)


def same_expression(reference: str, response: str) -> bool:
    """Are these the same expression or relation? The spelling is that of ``spell``; what cannot be read is not."""
    wanted, given = read(reference), read(response)
    if wanted is None or given is None or len(_PRIME.findall(reference)) != len(_PRIME.findall(response)):
        return False
    if isinstance(wanted, sympy.Expr) and isinstance(given, sympy.Expr):
        verdict = _agree(wanted, given, rounding=_rounding(reference, response))
        if verdict is not None:
            return verdict
    equations = isinstance(wanted, sympy.Eq) and isinstance(given, sympy.Eq)
    # In an equation, f(1) and f(2) must be unknowns.
    plain = [unwrap_fcs(each) if equations else each for each in (wanted, given)]
    if equations and _apart(*plain):
        return False
    alike = verify(
        *plain, float_rounding=DIGITS, numeric_precision=DIGITS, allow_set_relation_comp=True, timeout_seconds=None
    )
    return bool(alike and not (equations and _unsolvable(wanted, given)))


def _unsolvable(wanted: Any, given: Any) -> bool:  # noqa: ANN401
    """Has the equation no solution, and is it not the given one? math-verify finds none of its solutions missing."""
    sides = [each.lhs - each.rhs for each in (wanted, given)]
    return not _agree(*sides, rounding=Fraction(0)) and not sympy.solve(wanted)


@lru_cache(maxsize=256)
def read(text: str) -> Any:  # noqa: ANN401 - whatever sympy makes of it
    """The sympy object, None if the text is not one whole formula."""
    written = number(text)
    if (value := written.fraction() if isinstance(written, Scaled) else written) is not None:
        return sympy.Rational(value.numerator, value.denominator)  # the reader is slow
    if _MISREAD.search(text):
        return None
    for pattern, replacement in _SPELT:
        text = pattern.sub(replacement, text)
    # Units are gone by now; math-verify's own rule would take the letters of 2ab for one.
    normalise = NormalizationConfig(basic_latex=True, units=False, malformed_operators=True, nits=False, boxed="none")
    try:
        formula = latex2sympy(
            normalize_latex(text, normalise),
            is_real=True,
            convert_degrees=False,
            normalization_config=None,
            conversion_config=ConversionConfig(lowercase_symbols=False),
        )
    except Exception:  # noqa: BLE001 - the reader raises what it likes on text that is no formula
        return None
    return _exact(formula)


def _exact(formula: Any) -> Any:  # noqa: ANN401
    """Decimals as the fractions they are; i is the imaginary unit unless j stands beside it, as an index does."""
    if not isinstance(formula, sympy.Basic):
        return formula
    replaced: dict[Any, Any] = {decimal: sympy.Rational(str(decimal)) for decimal in formula.atoms(sympy.Float)}
    free = {str(symbol): symbol for symbol in getattr(formula, "free_symbols", ())}
    if "i" in free and "j" not in free:
        replaced[free["i"]] = sympy.I
    return formula.xreplace(replaced) if replaced else formula


def _rounding(reference: str, response: str) -> Fraction:
    """Half the last place of a decimal of six digits or more on one side, else 0."""
    written = [value for value in (number(reference), number(response)) if isinstance(value, Scaled)]
    return max((value.rounding() for value in written), default=Fraction(0))


def _agree(wanted: Any, given: Any, *, rounding: Fraction) -> bool | None:  # noqa: ANN401
    """Do two expressions have the same value at a few points? None if too few of the points can be worked out."""
    names = sorted({str(symbol) for symbol in wanted.free_symbols | given.free_symbols})
    # Rounded down, n/2 and n/3 agree at many points.
    steps = any(formula.has(sympy.floor, sympy.ceiling, sympy.Mod) for formula in (wanted, given))
    points, enough = (1, 1) if not names else (INTEGERS, INTEGERS // 2) if steps else (POINTS, ENOUGH)
    agreed = 0
    for point in range(points):
        exact = [_placed(formula, names, point=point, whole=steps) for formula in (wanted, given)]
        values = [_value(formula) for formula in exact]
        if None in values:
            continue
        if not _close(*values, rounding=rounding) or (not rounding and _differ_exactly(*exact, value=values[0])):
            return False
        agreed += 1
        if agreed == enough and not steps:
            break
    return True if agreed >= enough else None


def _apart(wanted: Any, given: Any) -> bool:  # noqa: ANN401
    """Has either equation a letter of its own? Then they are not the same; math-verify would solve both, slowly."""
    one, other = ({str(symbol) for symbol in equation.free_symbols} for equation in (wanted, given))
    return bool(one - other and other - one)


def _placed(formula: Any, names: list[str], *, point: int, whole: bool) -> Any:  # noqa: ANN401
    """The formula where every letter has a value of its own, and odd roots of negative numbers are real."""
    where = {symbol: _coordinate(names.index(str(symbol)), point=point, whole=whole) for symbol in formula.free_symbols}
    formula = formula.subs(where) if where else formula
    if not _odd_roots(formula):
        return formula
    formula = formula.doit()
    if formula.has(sympy.I):
        return formula
    negative = [root for root in _odd_roots(formula) if root.base.is_negative]
    return formula.xreplace({root: (-1) ** (root.exp.p % 2) * (-root.base) ** root.exp for root in negative})


def _odd_roots(formula: Any) -> list[Any]:  # noqa: ANN401
    powers = formula.atoms(sympy.Pow)
    return [power for power in powers if power.exp.is_Rational and power.exp.q % 2 and power.exp.q > 1]


def _value(formula: Any) -> Any:  # noqa: ANN401
    """Value with twice ``DIGITS`` digits; None if it has none."""
    value = sympy.N(formula, 2 * DIGITS)
    return value if value.is_number and value.is_finite and not value.free_symbols else None


def _coordinate(index: int, *, point: int, whole: bool) -> Any:  # noqa: ANN401
    """A fraction between 1/2 and 4, negative at every other point; or an integer of its own."""
    if whole:
        return sympy.Integer((point + 2) * (index + 1) + 3 * index)
    size = sympy.Rational(1, 2) + sympy.Rational((7919 * (index + 1) + 104729 * (point + 1)) % 997, 285)
    return -size if point % 2 else size


def _close(one: Any, other: Any, *, rounding: Fraction) -> bool:  # noqa: ANN401
    least = sympy.Rational(rounding.numerator, rounding.denominator)
    size = max(abs(one), abs(other))
    return bool(abs(one - other) <= max(size * sympy.Rational(1, 10**DIGITS), least))


def _differ_exactly(one: Any, other: Any, /, *, value: Any) -> bool:  # noqa: ANN401
    """Are these different numbers? Asked of values that agree in their leading digits."""
    size = abs(sympy.log(abs(value), 10)) if value else 0
    if one.is_integer and other.is_integer:
        if size > LONGEST_INTEGER:
            return bool(one != other and one.doit() != other.doit())
        return bool(abs(sympy.N(one - other, int(size) + DIGITS)) > sympy.Rational(1, 2))
    if one.has(sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit):
        return False
    functions = (one - other).atoms(sympy.Function)
    if size < LONGEST_INTEGER and all(isinstance(each, sympy.factorial) and each.is_integer for each in functions):
        one, other = one.doit(), other.doit()
    if one.is_Rational and other.is_Rational:
        return bool(one != other)
    digits = EXACT_DIGITS // 4 if functions else EXACT_DIGITS
    gap = abs(sympy.N(one - other, 5, maxn=digits))
    return bool(gap and sympy.log(gap, 10) > sympy.log(abs(value), 10) + DIGITS - digits)
