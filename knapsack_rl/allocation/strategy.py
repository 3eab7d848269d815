"""The contract of a one-shot allocation strategy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from knapsack_rl.allocation.feasible import check_feasible
from knapsack_rl.beliefs.arrays import BeliefArrays, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRequest:
    """What a step asks of a strategy.

    Example: ``AllocationRequest(total=16, low=2, high=128, prompt_ids=("a", "b"))``.

    Raises:
        AllocationError: No counts fit the bounds and the total.
    """

    total: int
    """Rollouts to hand out."""
    low: int
    """Fewest rollouts of any prompt."""
    high: int
    """Most rollouts of any prompt."""
    prompt_ids: Sequence[str]
    """Prompts of the step.  [P]"""
    step: int = 0
    """Optimiser phase, from 0."""
    epoch: int = 0
    """Passes over the prompts completed so far."""

    def __post_init__(self) -> None:
        """Check that the request can be met."""
        num_prompts = len(self.prompt_ids)
        check_feasible(np.full(num_prompts, self.low), np.full(num_prompts, self.high), total=self.total)


class Strategy(Protocol):
    """Turns beliefs into counts. Implementations are frozen dataclasses whose init fields are their options."""

    name: ClassVar[str]
    """Name in configuration files."""
    source: ClassVar[str]
    """Where the rule comes from."""

    @property
    def default_belief(self) -> str:
        """Name of the tracker to use when a configuration names none."""
        ...

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step. Pure: the same arguments, and the same state of ``rng``, give the same answer.

        Args:
            beliefs: Beliefs about the prompts of the request, in its order.  [P]
            request: Total, bounds and context.
            state: What the previous call returned, ``{}`` at first; JSON-serialisable.
            rng: The only source of randomness.

        Returns:
            Counts within the bounds, summing to ``request.total`` [P]; and the state for the next call.
        """
        ...
