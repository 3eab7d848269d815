"""What an audit finds."""

from dataclasses import dataclass

import numpy as np

from knapsack_rl.audit.gain import Gain
from knapsack_rl.audit.training import Window
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.beliefs.movement import Movement

EDGES = (0.25, 0.5, 0.75)
LABELS = ("unknown", "0", "0 to 0.25", "0.25 to 0.5", "0.5 to 0.75", "0.75 to 1", "1")
"""Classes of believed success rates; 0 and 1 are exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsAt:
    """Rollouts that a strategy gave the prompts of one class of believed rates; a class without prompts is left out."""

    believed: str
    """One of `LABELS`, or ``all``."""
    num_groups: int
    mean: float
    median: float
    largest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One strategy, in the steps that are judged."""

    strategy: str
    belief: str
    counts: tuple[CountsAt, ...]
    """By believed rate, all prompts first."""
    gain: Gain | None
    """Over equal counts; None for equal counts themselves, and where no step is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Everything an audit says about a log."""

    num_rollouts: int
    num_groups: int
    num_prompts: int
    num_judged_steps: int
    """Steps in which most prompts were met before: only there a strategy has something to go by."""
    filtered: bool
    """Whether groups without a gradient were thrown away before logging."""
    whole: Window
    windows: tuple[Window, ...]
    movement: Movement
    """How far success rates move between two visits of a prompt."""
    wasted: float
    """Length of responses in groups without a gradient / length of all; NaN if lengths are not known."""
    unit: str
    """What a length counts: ``tokens`` or ``characters``."""
    hidden_spread: float
    """Groups of one outcome whose rewards differ all the same, because rewards have more than two values / groups."""
    replayed: tuple[Replayed, ...]
    verdict: str
    """One sentence, never stronger than its intervals."""
    notes: tuple[str, ...]
    """What the reader did that a user should know."""


def counts_by_rate(counts_G: IntArray, rate_G: FloatArray) -> tuple[CountsAt, ...]:
    """Counts of all groups, and of each class of believed rates that occurs."""
    inside_G = 2 + np.digitize(np.nan_to_num(rate_G), EDGES)
    class_G = np.select([np.isnan(rate_G), rate_G <= 0, rate_G >= 1], [0, 1, len(LABELS) - 1], inside_G)
    chosen = [("all", np.ones(len(class_G), dtype=np.bool_))]
    chosen += [(label, class_G == place) for place, label in enumerate(LABELS)]
    return tuple(_summary(label, counts_G[those_G]) for label, those_G in chosen if those_G.any())


def _summary(label: str, counts_G: IntArray) -> CountsAt:
    return CountsAt(
        believed=label,
        num_groups=len(counts_G),
        mean=float(counts_G.mean()),
        median=float(np.median(counts_G)),
        largest=int(counts_G.max()),
    )
