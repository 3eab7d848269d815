"""Grammar of chain arithmetic, shared by prompts, demonstrations and scorer.

``3+4*5m2=`` is worked from left to right modulo 10; the response writes every step and ends with ``#``:
``3+4=7,7*5=5,5m2=5#``.
"""

import re
from dataclasses import dataclass

import numpy as np

MODULUS = 10
END = "#"
OPERATORS = "+-*dmn"
"""Sum, difference, product, absolute difference, maximum, minimum; all but the last two modulo 10."""
VOCABULARY = (*"0123456789", *OPERATORS, "=", ",", END)
_LAST_RESULT = re.compile(r"=(\d)$")


def apply(operator: str, left: int, *, right: int) -> int:
    """Right result of one step. ``apply("*", 7, 5)`` is 5."""
    match operator:
        case "+":
            return (left + right) % MODULUS
        case "-":
            return (left - right) % MODULUS
        case "*":
            return (left * right) % MODULUS
        case "d":
            return abs(left - right)
        case "m":
            return max(left, right)
        case "n":
            return min(left, right)
    raise ValueError(f"unknown operator {operator!r}; the operators are {OPERATORS}")


WRONG_RULE = {"*": "+", "d": "+", "m": "n", "n": "m"}
"""The consistent mistakes of the demonstrations: ``*`` and ``d`` add, ``m`` and ``n`` are swapped."""


@dataclass(frozen=True, slots=True)
class Chain:
    """One problem: a first digit and then (operator, digit) pairs."""

    first: int
    steps: tuple[tuple[str, int], ...]

    @classmethod
    def draw(cls, num_steps: int, operators: str, *, rng: np.random.Generator) -> "Chain":
        """A random chain of ``num_steps`` operations over ``operators``."""
        digits = rng.integers(0, MODULUS, size=num_steps + 1)
        chosen = rng.integers(0, len(operators), size=num_steps)
        return cls(int(digits[0]), tuple((operators[k], int(d)) for k, d in zip(chosen, digits[1:], strict=True)))

    @property
    def prompt(self) -> str:
        """Text given to the model, ``3+4*5=``."""
        return str(self.first) + "".join(f"{operator}{digit}" for operator, digit in self.steps) + "="

    @property
    def answer(self) -> str:
        """The last result, one digit."""
        value = self.first
        for operator, digit in self.steps:
            value = apply(operator, value, right=digit)
        return str(value)


def final_result(text: str) -> str | None:
    """The digit after the last ``=`` if the response ends there (one closing ``#`` allowed), else None."""
    found = _LAST_RESULT.search(text.removesuffix(END))
    return found.group(1) if found else None
