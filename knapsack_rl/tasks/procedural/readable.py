"""Which responses may be shown to a scorer that evaluates them.

Nine scorers of reasoning-gym 0.1.25 hand the response to ``eval`` or to sympy's ``parse_expr``, which evaluates too and
knows the builtin functions. A response reaches one of them only if every character of it belongs to the little language
of its set, in which nothing can be called but elementary functions; another response is wrong unread.
"""

import re

_FUNCTIONS = "sin|cos|tan|sec|csc|cot|exp|log|ln|sqrt|sinh|cosh|tanh|asin|acos|atan|pi|Abs"

ARITHMETIC = re.compile(r"(?:[0-9+\-/() ]|\*(?!\*))*")
"""Integers and the four operations; no powers, which could be of any size."""
FORMULA = re.compile(rf"(?:[0-9+\-*/^() ]|\.(?=[0-9])|(?:{_FUNCTIONS}|[A-Za-z])(?![A-Za-z_]))*")
"""Numbers, variables of one letter and elementary functions; a name of two letters is no variable."""
LISTS = re.compile(r"[A-Za-z0-9_\-, \n\[\]'\"]*")
"""Lists of words and numbers: without parentheses, points and braces nothing is called."""

LANGUAGES = {
    "countdown": ARITHMETIC,
    "puzzle24": ARITHMETIC,
    "polynomial_multiplication": FORMULA,
    "simple_integration": FORMULA,
    "intermediate_integration": FORMULA,
    "binary_matrix": LISTS,
    "n_queens": LISTS,
    "spiral_matrix": LISTS,
    "string_insertion": LISTS,
}
"""Sets whose scorer evaluates the response."""


def readable(name: str, response: str) -> bool:
    """Whether the scorer of the set may see the response. ``readable("countdown", "exit()")`` is False."""
    language = LANGUAGES.get(name)
    return language is None or language.fullmatch(response) is not None
