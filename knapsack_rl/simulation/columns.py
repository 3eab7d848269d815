"""Beliefs by position in the pool. ``_P`` prompts of a step, ``_R`` rollouts of a step, one prompt after the other."""

from typing import Protocol

from knapsack_rl.base.arrays import BoolArray, IntArray
from knapsack_rl.beliefs.arrays import BeliefArrays


class Columns(Protocol):
    """What a simulated run knows of its prompts."""

    def observe(self, step: int, index_P: IntArray, *, counts_P: IntArray, rewards_R: BoolArray) -> None:
        """Record a step's rewards, ``counts_P`` of them for each prompt in turn."""
        ...

    def predict(self, index_P: IntArray) -> BeliefArrays:
        """Current beliefs about some prompts, as [P] columns."""
        ...
