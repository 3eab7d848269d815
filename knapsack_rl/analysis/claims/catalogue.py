"""The claims, read from ``catalogue.yaml`` beside this file; the measures they name are looked up here."""

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, Literal, Self

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from knapsack_rl.analysis.claims import accuracy, gradient, probes, theory
from knapsack_rl.analysis.claims.evidence import Finding
from knapsack_rl.analysis.claims.plan import PLAN, Unit
from knapsack_rl.analysis.claims.subject import Subject
from knapsack_rl.analysis.claims.verdict import Line

Scale = Callable[[float], float]
LOG_SCALES: Mapping[str, tuple[Scale, Scale]] = {
    "times": (np.log, np.exp),
    "saved": (lambda share: float(-np.log1p(-share)), lambda value: float(-np.expm1(-value))),
}
"""Units of claims about a ratio r of amounts, which are measured as log r: to that scale and back.

``times`` shows r, ``saved`` the share ``1 - 1 / r``. On other scales twice and half are not equally far from one.
"""

_MODULES = {"accuracy": accuracy, "gradient": gradient, "probes": probes, "theory": theory}


class _Drawn(BaseModel):
    """Where the line is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    side: Literal["above", "below", "within"]
    threshold: float
    upper: float = float("nan")
    """The other end of a band; for the side ``within`` alone."""
    unit: Unit
    pair: bool

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        band = self.side == "within"
        if band == np.isnan(self.upper) or (band and self.upper <= self.threshold):
            raise ValueError("upper: a number above the threshold for the side `within`, and nothing for the others")
        return self


class Claim(BaseModel):
    """One row of the table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    says: str
    """What is claimed, in one line."""
    measured: str
    """What is computed here."""
    measure: str
    """Module and function that compute it."""
    per_budget: bool = False
    """Judged for each N by itself: the paper speaks of its own, and the measure changes with it."""
    seen_in: tuple[str, ...]
    """Tables and figures that show it in detail."""
    needs: str
    """What a study needs so that it can be decided, beside three seeds."""
    line: _Drawn

    @property
    def find(self) -> Callable[[Subject], Finding]:
        """The measure."""
        module, _, name = self.measure.partition(".")
        found: Callable[[Subject], Finding] = getattr(_MODULES[module], name)
        return found

    @property
    def judged_at(self) -> Line:
        """The line, on the scale of the measure: see ``LOG_SCALES``."""
        to_scale = LOG_SCALES.get(self.line.unit, (float, float))[0]
        threshold, upper = (float(to_scale(end)) for end in (self.line.threshold, self.line.upper))
        stated = PLAN.effects[self.line.unit]
        return Line(
            side=self.line.side, threshold=threshold, upper=upper, effect=stated.size, effect_words=stated.words
        )


def _read() -> tuple[Claim, ...]:
    text = resources.files(__package__).joinpath("catalogue.yaml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = yaml.safe_load(text)
    return tuple(Claim.model_validate(row) for row in rows)


CLAIMS = _read()
"""All claims, in the table's order."""
