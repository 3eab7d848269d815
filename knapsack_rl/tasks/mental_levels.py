"""Levels of mental arithmetic: which numbers, added or multiplied."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from math import prod

import numpy as np

SIGNS = {"sum": "+", "product": "*"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Numbers to add or to multiply. Example: ``Problem("sum", (3, 4)).expression`` is ``"3 + 4"``."""

    operation: str
    numbers: tuple[int, ...]

    @property
    def expression(self) -> str:
        """What is to be worked out; the prompt template puts words around it."""
        return f" {SIGNS[self.operation]} ".join(map(str, self.numbers))

    @property
    def answer(self) -> int:
        """Its sum or product."""
        return sum(self.numbers) if self.operation == "sum" else prod(self.numbers)

    def shuffled(self, rng: np.random.Generator) -> "Problem":
        """The same with its numbers in a random order."""
        return Problem(self.operation, tuple(int(number) for number in rng.permutation(self.numbers)))


@dataclass(frozen=True, slots=True)
class Level:
    """All problems of one difficulty. Example: ``Level("sum", (SMALL, SMALL))``."""

    operation: str
    ranges: tuple[range, ...]
    """From where each number is taken."""

    def problems(self) -> list[Problem]:
        """Every problem once, whatever the order of its numbers."""
        same = len(set(self.ranges)) == 1
        numbers: Iterable[tuple[int, ...]] = (
            combinations_with_replacement(self.ranges[0], len(self.ranges)) if same else product(*self.ranges)
        )
        return [Problem(self.operation, chosen) for chosen in numbers]


_ANY, _SMALL, _TEENS, _LARGE = range(100), range(2, 10), range(11, 20), range(21, 100)

LEVELS = {
    "one_number": Level("sum", (_ANY,)),
    "sum_2": Level("sum", (_SMALL, _SMALL)),
    "product_2": Level("product", (_SMALL, _SMALL)),
    "sum_3": Level("sum", (_SMALL, _SMALL, _SMALL)),
    "sum_teens": Level("sum", (_TEENS, _SMALL)),
    "sum_large": Level("sum", (_LARGE, _LARGE)),
    "product_large": Level("product", (_TEENS, _SMALL)),
    "product_3": Level("product", (_SMALL, _SMALL, _SMALL)),
}
"""By name, roughly from easy to hard; a problem of one number asks for that number."""
