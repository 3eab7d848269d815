"""What a scorer that evaluates responses may be shown. Needs no reasoning-gym."""

import pytest

from knapsack_rl.tasks.procedural.readable import LANGUAGES, readable

HOSTILE = (
    "exit()",
    "__import__('os').system('touch hacked')",
    "open('hacked','w')",
    "eval(chr(49))",
    "(1).__class__",
    "[x.real for x in [1]]",
    "f'{1+1}'",
    "lambda: 0",
    "globals()",
    "\u0661+\u0662",
)


@pytest.mark.parametrize("name", LANGUAGES)
@pytest.mark.parametrize("response", HOSTILE)
def test_nothing_can_be_called(name, response):
    """Names with parentheses, attributes, strings with braces and digits of other scripts stay out."""
    assert not readable(name, response)


@pytest.mark.parametrize(
    ("name", "response", "expected"),
    [
        ("countdown", "12*(15 + 20) - 3/1", True),
        ("countdown", "9**9", False),
        ("countdown", "12*x", False),
        ("polynomial_multiplication", "-3*x**2 + 0.5*y", True),
        ("polynomial_multiplication", "3*ab", False),
        ("polynomial_multiplication", "x.y", False),
        ("simple_integration", "2*x**3/3 + sin(2*x) + C", True),
        ("simple_integration", "sinister(x)", False),
        ("n_queens", "_ Q _\nQ _ _", True),
        ("spiral_matrix", "['1', '2']", True),
        ("spell_backward", "exit()", True),
    ],
)
def test_language_of_a_set(name, response, expected):
    """Right answers pass; sets whose scorer evaluates nothing are shown anything."""
    assert readable(name, response) is expected


def test_long_responses_are_decided_at_once():
    """Time grows with the length alone; a doubling per character would never end."""
    assert not readable("polynomial_multiplication", "1" * 200_000 + "!")
    assert not readable("countdown", "(" * 200_000 + "!")
