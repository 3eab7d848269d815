"""The released estimator of Knapsack RL: the mean of a prompt's newest rewards."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import BoolArray, IntArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.columns import ColumnTracker, Rows, group_successes
from knapsack_rl.beliefs.newest import as_text, of_text, shift_in


@dataclass(slots=True, kw_only=True)
class Newest16(ColumnTracker):
    """Mean of the last visit if it was large, else of the newest ``buffer`` rewards across visits.

    With k rollouts in the last visit, and the published settings (all defaults):

    - fewer than ``minimum`` rewards ever recorded: unknown;
    - k >= ``buffer``: mean of that visit, all k of it;
    - k < ``buffer``: mean of the newest ``min(buffer, available)`` rewards, walking back over earlier visits.

    The released code hands out its estimates as of the start of the epoch; with unique prompts, each visited once per
    epoch, that is the same as handing out the current one. Memory is at most ``buffer`` rewards per prompt.

    Source: arXiv 2509.25849; github liziniu/KnapsackRL, verl/utils/dataset/rl_dataset.py.
    """

    name: ClassVar[str] = "newest16"
    source: ClassVar[str] = "arXiv 2509.25849, released code"

    buffer: int = 16
    """Rewards to average over, and the size from which one visit counts alone."""
    minimum: int = 8
    """Recorded rewards from which on a prompt is known."""
    robust: bool = True
    """False: the last visit counts alone whatever its size (released flag ``robust_epoch_estimation``)."""
    epoch: bool = True
    """False: always the newest ``buffer`` rewards, even inside a larger visit (released flag ``epoch_estimation``)."""

    def __post_init__(self) -> None:
        """Check the ranges of the options."""
        for option, value in (("buffer", self.buffer), ("minimum", self.minimum)):
            if value < 1:
                raise ConfigError(f"belief 'newest16': option {option} = {value} must be at least 1")

    def row_type(self) -> npt.DTypeLike:
        """The newest rewards, newest first; the last visit, which may be longer; rewards ever recorded."""
        counts = [(name, np.int64) for name in ("last_won", "last_drawn", "num_seen")]
        return [("recent", np.bool_, (self.buffer,)), *counts]

    def visit(self, rows_V: Rows, *, counts_V: IntArray, rewards_R: BoolArray) -> None:
        """One visit of each prompt; see `ColumnTracker.visit`."""
        rows_V["recent"] = shift_in(rows_V["recent"], counts_V=counts_V, rewards_R=rewards_R)
        rows_V["last_won"] = group_successes(counts_V, rewards_R)
        rows_V["last_drawn"] = counts_V
        rows_V["num_seen"] += counts_V

    def beliefs(self, rows_P: Rows) -> BeliefArrays:
        """Plug-in beliefs; unknown below ``minimum`` recorded rewards; columns of [P]."""
        seen_P, last_P = rows_P["num_seen"], rows_P["last_drawn"]
        alone_P = self.epoch & ((last_P >= self.buffer) | (not self.robust))
        won_P = np.where(alone_P, rows_P["last_won"], rows_P["recent"].sum(axis=1))
        drawn_P = np.where(alone_P, last_P, np.minimum(seen_P, self.buffer))
        known_P = seen_P >= self.minimum
        return BeliefArrays.from_counts(np.where(known_P, won_P, 0), np.where(known_P, drawn_P, 0))

    def saved(self, row: Any) -> Any:  # noqa: ANN401 - a row, and JSON
        """The kept rewards as text, oldest first, and the three counts, as JSON."""
        recent_B, *counts = row.tolist()
        return [as_text(np.array(recent_B), min(counts[-1], self.buffer)), *counts]

    def restored(self, saved: Any) -> tuple[Any, ...]:  # noqa: ANN401 - JSON
        """The same, one value per field."""
        text, *counts = saved
        return of_text(text, self.buffer), *counts
