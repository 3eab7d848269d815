"""The mean of a prompt's latest visits."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import BoolArray, IntArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.columns import ColumnTracker, Rows, group_successes


@dataclass(slots=True, kw_only=True)
class LastVisit(ColumnTracker):
    """Plug-in estimate over the last ``visits`` visits: sum of successes / sum of draws.

    With one visit of m draws its standard deviation is ``sqrt(p q / m)``: fresh, and as noisy as the visit is small.
    Source: arXiv 2602.03048 (CoBA-RL), which pools the last visits of a prompt.
    """

    name: ClassVar[str] = "last_visit"
    source: ClassVar[str] = "arXiv 2602.03048, released code"

    visits: int = 1
    """Visits to pool, newest first; at least 1."""

    def __post_init__(self) -> None:
        """Check the range of the option."""
        if self.visits < 1:
            raise ConfigError(f"belief 'last_visit': option visits = {self.visits} must be at least 1")

    def row_type(self) -> npt.DTypeLike:
        """Successes and draws of the kept visits, newest first."""
        return [("won", np.int64, (self.visits,)), ("drawn", np.int64, (self.visits,))]

    def visit(self, rows_V: Rows, *, counts_V: IntArray, rewards_R: BoolArray) -> None:
        """One visit of each prompt; see `ColumnTracker.visit`."""
        for name, newest_V in (("won", group_successes(counts_V, rewards_R)), ("drawn", counts_V)):
            rows_V[name] = np.column_stack([newest_V, rows_V[name][:, :-1]])

    def beliefs(self, rows_P: Rows) -> BeliefArrays:
        """Plug-in beliefs; unknown where nothing was drawn; columns of [P]."""
        return BeliefArrays.from_counts(rows_P["won"].sum(axis=1), rows_P["drawn"].sum(axis=1))

    def saved(self, row: Any) -> Any:  # noqa: ANN401 - a row, and JSON
        """Successes and draws of every visit, oldest first, as JSON."""
        pairs = zip(row["won"].tolist(), row["drawn"].tolist(), strict=True)
        return [[won, drawn] for won, drawn in pairs if drawn][::-1]

    def restored(self, saved: Any) -> tuple[Any, ...]:  # noqa: ANN401 - JSON
        """The same, one value per field."""
        kept = [*reversed(saved), *[(0, 0)] * (self.visits - len(saved))]
        return [won for won, _ in kept], [drawn for _, drawn in kept]
