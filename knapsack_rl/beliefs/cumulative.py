"""The mean of everything ever drawn."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import BoolArray, IntArray
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.columns import ColumnTracker, Rows, group_successes


@dataclass(slots=True, kw_only=True)
class Cumulative(ColumnTracker):
    """Plug-in estimate over all rewards of a prompt: sum of successes / sum of draws.

    It never forgets, so it lags behind a policy that learns. Source: arXiv 2505.18573 (E3-RL4LLMs).
    """

    name: ClassVar[str] = "cumulative"
    source: ClassVar[str] = "arXiv 2505.18573"

    def row_type(self) -> npt.DTypeLike:
        """Successes and draws."""
        return [("won", np.int64), ("drawn", np.int64)]

    def visit(self, rows_V: Rows, *, counts_V: IntArray, rewards_R: BoolArray) -> None:
        """One visit of each prompt; see `ColumnTracker.visit`."""
        rows_V["won"] += group_successes(counts_V, rewards_R)
        rows_V["drawn"] += counts_V

    def beliefs(self, rows_P: Rows) -> BeliefArrays:
        """Plug-in beliefs; unknown where nothing was drawn; columns of [P]."""
        return BeliefArrays.from_counts(rows_P["won"], rows_P["drawn"])
