"""Where the line of a claim lies, and what the records say about it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

SUPPORTED = "supported"
CONTRADICTED = "contradicted"
UNDECIDED = "not decidable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Where the truth lies if a claim holds: above or below a number, or within a band.

    Example: ``Line(side="above", threshold=0.2)``, ``Line(side="within", threshold=0.1, upper=0.3)``.
    """

    side: Literal["above", "below", "within"]
    threshold: float
    """The lower end of a band."""
    upper: float = np.nan
    """The upper end of a band; NaN for the other sides."""
    effect: float = 0.02
    """Distance from the line that a study should be able to tell."""
    effect_words: str = "2 points"

    def margins(self, value: float) -> tuple[float, ...]:
        """How far ``value`` lies on the claim's side of each threshold; of a band outside of it, the nearest end."""
        if self.side != "within":
            return (value - self.threshold if self.side == "above" else self.threshold - value,)
        ends = (value - self.threshold, self.upper - value)
        return ends if min(ends) > 0 else (min(ends),)

    def effects(self) -> tuple[float, ...]:
        """Distances of a truth that lies ``effect`` beyond the line from each threshold; within a band at most half."""
        if self.side != "within":
            return (self.effect,)
        near = min(self.effect, (self.upper - self.threshold) / 2)
        return near, self.upper - self.threshold - near

    def beyond(self, value: float) -> float:
        """The smallest of ``margins``: negative where the claim does not hold."""
        return min(self.margins(value))

    def verdict(self, low: float, high: float) -> str:
        """What an interval says: supported, contradicted, or nothing (empty)."""
        if min(self.beyond(low), self.beyond(high)) > 0:
            return SUPPORTED
        middle = self.threshold if self.side != "within" else (self.threshold + self.upper) / 2
        one_side = low > middle or high < middle  # an interval around the band has both ends outside, and says nothing
        return CONTRADICTED if one_side and max(self.beyond(low), self.beyond(high)) < 0 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the records say about one claim."""

    verdict: str
    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    num_seeds: int = 0
    num_runs: int = 0
    p_value: float = np.nan
    """Two-sided, of the hypothesis that the truth is the threshold; widened for families as the interval is.

    NaN where nothing was tested; counts without spread are judged, but a t-test says nothing of them.
    """
    takes: str = ""
    """What it would take to decide; empty where it is decided."""
    label: str = ""
