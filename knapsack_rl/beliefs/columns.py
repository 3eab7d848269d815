"""Trackers that keep what they know as columns, one row per prompt: a step is a few operations on arrays.

Shapes: ``_P`` prompts of a step, ``_V`` those among them with rewards, ``_R`` rewards, one prompt after the other.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import BoolArray, IntArray
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.tracker import saved_prompts, visits

Rows = npt.NDArray[np.void]
"""A structured array: one row per prompt, one field per fact."""
_FIRST_ROWS = 64


def group_successes(counts_P: IntArray, rewards_R: BoolArray) -> IntArray:
    """Successes per prompt, whose rewards come one prompt after the other; [P]."""
    total_R = np.concatenate([[0], np.cumsum(rewards_R)])
    end_P = np.cumsum(counts_P)
    return np.asarray(total_R[end_P] - total_R[end_P - counts_P], dtype=np.int64)


@dataclass(slots=True, kw_only=True)
class ColumnTracker(ABC):
    """The part of a tracker that all rules share; a rule says what a row holds, how a visit changes it, what it says.

    Row 0 is that of every prompt that was never seen, and stays zero.
    """

    name: ClassVar[str]
    source: ClassVar[str]

    _row_of: dict[str, int] = field(init=False, repr=False, default_factory=dict)
    _rows: Rows | None = field(init=False, repr=False, default=None)

    @abstractmethod
    def row_type(self) -> npt.DTypeLike:
        """What a row holds; all of it zero at first."""

    @abstractmethod
    def visit(self, rows_V: Rows, *, counts_V: IntArray, rewards_R: BoolArray) -> None:
        """Change the rows of [V] prompts by one visit each, of ``counts_V`` rewards, in place."""

    @abstractmethod
    def beliefs(self, rows_P: Rows) -> BeliefArrays:
        """What the rows of [P] prompts say."""

    def saved(self, row: Any) -> Any:  # noqa: ANN401 - a row, and JSON
        """A row as JSON."""
        return list(row.tolist())

    def restored(self, saved: Any) -> tuple[Any, ...]:  # noqa: ANN401 - JSON
        """A row from what `saved` made of it, one value per field."""
        return tuple(saved)

    def observe(self, *, step: int, prompt_ids: Sequence[str], rewards: Sequence[Sequence[int]]) -> None:
        """Record a step's rewards; see `Tracker.observe`. Evidence ages by visits here, not by steps."""
        del step
        seen = visits(prompt_ids, rewards)
        counts_P = np.array([len(visit) for visit in seen.values()], dtype=np.int64)
        rewards_R = np.array([reward for visit in seen.values() for reward in visit], dtype=np.bool_)
        self.observe_arrays(tuple(seen), counts_P=counts_P, rewards_R=rewards_R)

    def observe_arrays(self, prompt_ids: Sequence[str], *, counts_P: IntArray, rewards_R: BoolArray) -> None:
        """The same for rewards that are arrays already.

        Args:
            prompt_ids: Prompts of the step, each once.  [P]
            counts_P: Rewards of each; may be 0.  [P]
            rewards_R: All of them, one prompt after the other.  [R]
        """
        visited_P = counts_P > 0
        if not visited_P.any():
            return
        row_V = self._find_or_add([key for key, visited in zip(prompt_ids, visited_P.tolist(), strict=True) if visited])
        assert self._rows is not None  # noqa: S101 - the row was just added
        rows_V = self._rows[row_V]
        self.visit(rows_V, counts_V=counts_P[visited_P], rewards_R=rewards_R)
        self._rows[row_V] = rows_V

    def predict(self, prompt_ids: Sequence[str]) -> BeliefArrays:
        """Current beliefs about the prompts; columns of [P]."""
        rows = np.zeros(1, dtype=self.row_type()) if self._rows is None else self._rows
        return self.beliefs(rows[np.array([self._row_of.get(key, 0) for key in prompt_ids], dtype=np.int64)])

    def state_dict(self) -> dict[str, Any]:
        """Saved state, JSON-serialisable."""
        rows = () if self._rows is None else self._rows[1 : len(self._row_of) + 1]
        prompts = {key: self.saved(row) for key, row in zip(self._row_of, rows, strict=True)}
        return {"tracker": self.name, "prompts": prompts}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace the state by a saved one; see `Tracker.load_state_dict`."""
        prompts = saved_prompts(state, tracker=self.name)
        self._row_of, self._rows = {}, None
        row_P = self._find_or_add(list(prompts))
        if self._rows is not None:
            self._rows[row_P] = np.array([self.restored(saved) for saved in prompts.values()], dtype=self.row_type())

    def _find_or_add(self, prompt_ids: Sequence[str]) -> IntArray:
        """Rows of the prompts; room grows by doubling."""
        row_P = np.array([self._row_of.setdefault(key, len(self._row_of) + 1) for key in prompt_ids], dtype=np.int64)
        room = 0 if self._rows is None else len(self._rows)
        if prompt_ids and len(self._row_of) >= room:
            rows = np.zeros(max(_FIRST_ROWS, 2 * (len(self._row_of) + 1)), dtype=self.row_type())
            if self._rows is not None:
                rows[:room] = self._rows
            self._rows = rows
        return row_P
