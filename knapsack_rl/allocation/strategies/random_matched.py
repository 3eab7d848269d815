"""Control: another strategy's counts, handed to random prompts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.strategy import AllocationRequest
from knapsack_rl.allocation.wrapped import Wrapped
from knapsack_rl.base.arrays import IntArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomMatched(Wrapped):
    """The counts of ``of``, permuted at random over the prompts.

    It has the same unequal group sizes without the targeting, so it separates the two. The controlled strategy sees
    the generator first: with the same seed its counts are those of the arm it is compared with.

    Source: the random-matched control of arXiv 2606.05606 (CERO).
    """

    name: ClassVar[str] = "random_matched"
    source: ClassVar[str] = "arXiv 2606.05606"

    def __post_init__(self) -> None:
        """Check the inner strategy."""
        Wrapped.__post_init__(self)
        if self.inner.spends_tokens:
            raise ConfigError(
                f"strategy {self.name!r}: option of = {self.of!r} spends tokens, and permuted counts would spend "
                "another amount; control for a strategy with a budget of rollouts"
            )

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        counts_P, state = self.inner(beliefs, request, state=state, rng=rng)
        return rng.permutation(counts_P), state
