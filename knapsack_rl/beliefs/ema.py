"""An exponential moving average of a prompt's success rate."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import BoolArray, IntArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.columns import ColumnTracker, Rows, group_successes


@dataclass(slots=True, kw_only=True)
class Ema(ColumnTracker):
    """Moving average: ``e <- (1 - eta) e + eta s/m`` at a visit with s successes in m draws; the first visit sets e.

    ``eta`` is ``rate``; with ``pseudo_draws`` m0 > 0 it is ``m / (m + m0)`` instead, so that a large visit moves the
    average further than a small one. The draws behind the estimate are those of a plain mean with the same sampling
    variance, ``1 / v`` with ``v <- (1 - eta)^2 v + eta^2 / m``.

    Source: folklore; the average that the released code of arXiv 2509.25849 names (``ema``) but does not compute.
    """

    name: ClassVar[str] = "ema"
    source: ClassVar[str] = "exponential moving average"

    rate: float = 0.5
    """Weight of the newest visit, in (0, 1]; ignored if ``pseudo_draws`` is above 0."""
    pseudo_draws: float = 0.0
    """Draws that the old average counts for; 0 = constant ``rate``."""

    def __post_init__(self) -> None:
        """Check the ranges of the options."""
        if not 0.0 < self.rate <= 1.0:
            raise ConfigError(f"belief 'ema': option rate = {self.rate:g} must be above 0 and at most 1")
        if self.pseudo_draws < 0.0:
            raise ConfigError(f"belief 'ema': option pseudo_draws = {self.pseudo_draws:g} must be at least 0")

    def row_type(self) -> npt.DTypeLike:
        """The average, and the sampling variance of the mean in units of p q; 0 before the first visit."""
        return [("average", np.float64), ("variance", np.float64)]

    def visit(self, rows_V: Rows, *, counts_V: IntArray, rewards_R: BoolArray) -> None:
        """One visit of each prompt; see `ColumnTracker.visit`."""
        mean_V, old_V = group_successes(counts_V, rewards_R) / counts_V, rows_V["average"]
        eta_V = counts_V / (counts_V + self.pseudo_draws) if self.pseudo_draws else self.rate
        # rounding must not leave the unit interval
        moved_V = np.clip(old_V + eta_V * (mean_V - old_V), 0.0, 1.0)
        spread_V = (1.0 - eta_V) ** 2 * rows_V["variance"] + eta_V**2 / counts_V
        first_V = rows_V["variance"] == 0.0
        rows_V["average"] = np.where(first_V, mean_V, moved_V)
        rows_V["variance"] = np.where(first_V, 1.0 / counts_V, spread_V)

    def beliefs(self, rows_P: Rows) -> BeliefArrays:
        """Plug-in beliefs with their equivalent draws; unknown where nothing was drawn; columns of [P]."""
        unseen_P = rows_P["variance"] == 0.0
        draws_P = 1.0 / np.where(unseen_P, np.inf, rows_P["variance"])
        return BeliefArrays.from_rates(np.where(unseen_P, np.nan, rows_P["average"]), draws=draws_P)
