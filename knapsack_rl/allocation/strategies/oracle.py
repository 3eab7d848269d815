"""Control: another strategy that knows the success rates almost exactly."""

from dataclasses import dataclass
from typing import ClassVar

from knapsack_rl.allocation.wrapped import Wrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle(Wrapped):
    """Strategy ``of`` with the beliefs of a large independent sample of each prompt, instead of its own.

    It bounds what the rule could gain from better estimates. The sample is logged apart and not charged.

    Source: section "controls" of the comparison; an upper bound, not a method.
    """

    name: ClassVar[str] = "oracle"
    source: ClassVar[str] = "control: upper bound of a rule"
    default_belief: ClassVar[str] = "oracle"
