"""Who owns which slot of a generation batch.

TRL samples ``R = P * num_generations`` completions at a time, one per slot, and lays prompt ``i`` into
``num_generations`` neighbouring slots; a process holds ``R / processes`` neighbouring slots. Here the slots stay, and
prompt ``i`` owns ``counts[i]`` neighbours instead, so that shapes, losses and the number of completions of every
process are TRL's own. With equal counts nothing moves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from knapsack_rl.base.arrays import IntArray

Example = Mapping[str, Any]
"""A row of the data set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The slots of one process. Example: the second of two, of 16 slots: ``Share(process=1, num_slots=8)``."""

    process: int
    num_slots: int
    """Slots of every process."""

    @property
    def start(self) -> int:
        """Its first slot in the whole batch."""
        return self.process * self.num_slots

    def first_of_groups(self, examples: Sequence[Example], *, size: int) -> list[Example]:
        """Of the groups that begin in this share, the example of each; over all processes, one per prompt.

        Args:
            examples: rows in this process's slots, as TRL laid them.
            size: TRL's slots per prompt.
        """
        return [example for slot, example in enumerate(examples, start=self.start) if slot % size == 0]

    def dealt(self, examples: Sequence[Example], counts_P: IntArray) -> list[dict[str, Any]]:
        """Rows in this process's slots once prompt ``i`` owns ``counts_P[i]`` of them; each a dictionary of its own.

        Args:
            examples: row of every prompt of the batch.  [P]
            counts_P: slots of every prompt; they sum to the slots of all processes.
        """
        owners_R = np.repeat(np.arange(len(counts_P)), counts_P)
        return [dict(examples[owner]) for owner in owners_R[self.start : self.start + self.num_slots]]


def split_groups(values_R: Sequence[float] | np.ndarray[Any, Any], counts_P: IntArray) -> list[np.ndarray[Any, Any]]:
    """Values of all slots by prompt.  [R], [P] -> [P][G]."""
    return np.split(np.asarray(values_R), np.cumsum(counts_P)[:-1])
