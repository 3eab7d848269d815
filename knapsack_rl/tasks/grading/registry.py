"""Graders by name; one of another package is named ``module:Class``, or by an entry point of that package."""

from knapsack_rl.base.choices import NamedChoices
from knapsack_rl.base.outside import Contract
from knapsack_rl.tasks.grading.bare_number import BareNumberGrader
from knapsack_rl.tasks.grading.boxed import BoxedGrader
from knapsack_rl.tasks.grading.dapo import DapoGrader
from knapsack_rl.tasks.grading.grade import Grader

_CLASSES: tuple[tuple[str, type[Grader]], ...] = (
    ("boxed", BoxedGrader),
    ("dapo", DapoGrader),
    ("number", BareNumberGrader),
)
GRADERS: NamedChoices[Grader] = NamedChoices(
    "grader",
    dict(_CLASSES),
    contract=Contract(
        base=Grader, required=("grade",), group="knapsack_rl.graders", guide="docs/grading.md, a grader of your own"
    ),
)


def grader_names() -> tuple[str, ...]:
    """Names of our graders, sorted."""
    return GRADERS.names()


def build_grader(name: str) -> Grader:
    """The grader of that name; it starts its processes on first need.

    Raises:
        ConfigError: unknown name, or a class that is no grader.
    """
    return GRADERS.find(name)()
