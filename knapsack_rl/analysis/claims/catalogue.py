"""The claims, read from ``catalogue.yaml`` beside this file; the measures they name are looked up here."""

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, Literal

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict

from knapsack_rl.analysis.claims import accuracy, gradient, probes, theory
from knapsack_rl.analysis.claims.evidence import Finding
from knapsack_rl.analysis.claims.judge import Line
from knapsack_rl.analysis.claims.subject import Subject

Unit = Literal["share", "points", "percent", "times", "saved", "seconds", "rollouts", "rate"]

Scale = Callable[[float], float]
LOG_SCALES: Mapping[str, tuple[Scale, Scale]] = {
    "times": (np.log, np.exp),
    "saved": (lambda share: float(-np.log1p(-share)), lambda value: float(-np.expm1(-value))),
}
"""Units of claims about a ratio r of amounts, which are measured as log r: to that scale and back.

``times`` shows r, ``saved`` the share ``1 - 1 / r``. On other scales twice and half are not equally far from one.
"""

_ROOMS = {"accuracy": accuracy, "gradient": gradient, "probes": probes, "theory": theory}


class _Drawn(BaseModel):
    """Where the line is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    side: Literal["above", "below"]
    threshold: float
    unit: Unit
    pair: bool


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
    line: _Drawn

    @property
    def find(self) -> Callable[[Subject], Finding]:
        """The measure."""
        room, _, name = self.measure.partition(".")
        found: Callable[[Subject], Finding] = getattr(_ROOMS[room], name)
        return found

    @property
    def judged_at(self) -> Line:
        """The line, on the scale of the measure: see ``LOG_SCALES``."""
        to_scale = LOG_SCALES.get(self.line.unit, (float, float))[0]
        return Line(side=self.line.side, threshold=float(to_scale(self.line.threshold)))


def _read() -> tuple[Claim, ...]:
    text = resources.files(__package__).joinpath("catalogue.yaml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = yaml.safe_load(text)
    return tuple(Claim.model_validate(row) for row in rows)


CLAIMS = _read()
"""All claims, in the table's order."""
