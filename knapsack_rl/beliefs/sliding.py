"""The mean of a prompt's newest rewards, whatever visits they came from."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import BoolArray, IntArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.columns import ColumnTracker, Rows
from knapsack_rl.beliefs.newest import as_text, of_text, shift_in


@dataclass(slots=True, kw_only=True)
class Sliding(ColumnTracker):
    """Plug-in estimate over the newest ``buffer`` rewards of a prompt, also inside one large visit.

    Source: arXiv 2509.25849, released code with ``epoch_estimation`` off; `Newest16` is the published setting.
    """

    name: ClassVar[str] = "sliding"
    source: ClassVar[str] = "arXiv 2509.25849, released code (other mode)"

    buffer: int = 16
    """Rewards to average over; at least 1."""
    minimum: int = 1
    """Kept rewards from which on a prompt is known; between 1 and ``buffer``."""

    def __post_init__(self) -> None:
        """Check the ranges of the options."""
        if self.buffer < 1:
            raise ConfigError(f"belief 'sliding': option buffer = {self.buffer} must be at least 1")
        if not 1 <= self.minimum <= self.buffer:
            raise ConfigError(
                f"belief 'sliding': option minimum = {self.minimum} must be between 1 and the buffer, {self.buffer}"
            )

    def row_type(self) -> npt.DTypeLike:
        """The newest rewards, newest first, and how many there are."""
        return [("recent", np.bool_, (self.buffer,)), ("num_kept", np.int64)]

    def visit(self, rows_V: Rows, *, counts_V: IntArray, rewards_R: BoolArray) -> None:
        """One visit of each prompt; see `ColumnTracker.visit`."""
        rows_V["recent"] = shift_in(rows_V["recent"], counts_V=counts_V, rewards_R=rewards_R)
        rows_V["num_kept"] = np.minimum(rows_V["num_kept"] + counts_V, self.buffer)

    def beliefs(self, rows_P: Rows) -> BeliefArrays:
        """Plug-in beliefs; unknown below ``minimum`` rewards; columns of [P]."""
        known_P = rows_P["num_kept"] >= self.minimum
        won_P = np.where(known_P, rows_P["recent"].sum(axis=1), 0)
        return BeliefArrays.from_counts(won_P, np.where(known_P, rows_P["num_kept"], 0))

    def saved(self, row: Any) -> Any:  # noqa: ANN401 - a row, and JSON
        """The kept rewards as text, oldest first, as JSON."""
        return as_text(row["recent"], int(row["num_kept"]))

    def restored(self, saved: Any) -> tuple[Any, ...]:  # noqa: ANN401 - JSON
        """The same, one value per field."""
        return of_text(saved, self.buffer), len(saved)
