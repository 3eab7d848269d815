"""A Beta posterior per prompt whose evidence fades with every visit."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import BoolArray, IntArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.columns import ColumnTracker, Rows, group_successes


@dataclass(slots=True, kw_only=True)
class BetaPosterior(ColumnTracker):
    """Beta posterior with decay towards the prior.

    At each visit of a prompt with s successes in m draws, and decay factor ``decay`` (lambda):

    ``a <- prior_a + lambda * (a - prior_a) + s``,  ``b <- prior_b + lambda * (b - prior_b) + (m - s)``.

    ``decay`` 1 is the plain conjugate posterior, 0 keeps the last visit only. An unseen prompt has the prior.
    Source: arXiv 2507.04632 (MoPPS) and 2606.05606 (CERO), which use the same recursion.
    """

    name: ClassVar[str] = "beta"
    source: ClassVar[str] = "arXiv 2507.04632, 2606.05606"

    prior_a: float = 1.0
    """Pseudo-successes of the prior."""
    prior_b: float = 1.0
    """Pseudo-failures of the prior."""
    decay: float = 0.5
    """Share of the older evidence kept at each visit, in [0, 1]."""

    def __post_init__(self) -> None:
        """Check the ranges of the options."""
        for option, value in (("prior_a", self.prior_a), ("prior_b", self.prior_b)):
            if not (math.isfinite(value) and value > 0.0):
                raise ConfigError(f"belief 'beta': option {option} = {value:g} must be finite and above 0")
        if not 0.0 <= self.decay <= 1.0:
            raise ConfigError(
                f"belief 'beta': option decay = {self.decay:g} must be between 0 (forget) and 1 (keep all)"
            )

    def row_type(self) -> npt.DTypeLike:
        """Decayed successes and failures."""
        return [("won", np.float64), ("lost", np.float64)]

    def visit(self, rows_V: Rows, *, counts_V: IntArray, rewards_R: BoolArray) -> None:
        """One visit of each prompt; see `ColumnTracker.visit`."""
        won_V = group_successes(counts_V, rewards_R)
        rows_V["won"] = self.decay * rows_V["won"] + won_V
        rows_V["lost"] = self.decay * rows_V["lost"] + counts_V - won_V

    def beliefs(self, rows_P: Rows) -> BeliefArrays:
        """Beta beliefs; the rate is the posterior mean, counts are decayed and without the prior; columns of [P]."""
        won_P, lost_P = rows_P["won"], rows_P["lost"]
        a_P, b_P = self.prior_a + won_P, self.prior_b + lost_P
        return BeliefArrays(rate_P=a_P / (a_P + b_P), successes_P=won_P, draws_P=won_P + lost_P, a_P=a_P, b_P=b_P)
