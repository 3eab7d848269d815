"""Control: another strategy's counts, handed to random prompts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomMatched:
    """The counts of ``of``, permuted at random over the prompts.

    It has the same unequal group sizes without the targeting, so it separates the two. The controlled strategy sees
    the generator first: with the same seed its counts are those of the arm it is compared with.

    Source: the random-matched control of arXiv 2606.05606 (CERO).
    """

    name: ClassVar[str] = "random_matched"
    source: ClassVar[str] = "arXiv 2606.05606"

    of: str = "knapsack"
    """Name of the strategy to control for."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of that strategy."""

    def __post_init__(self) -> None:
        """Check the inner strategy."""
        if self.of == self.name:
            raise ConfigError(
                f"strategy {self.name!r}: option of = {self.of!r} must name another strategy, e.g. 'knapsack'"
            )
        self._inner()

    @property
    def default_belief(self) -> str:
        """That of the controlled strategy."""
        return self._inner().default_belief

    def _inner(self) -> Strategy:
        from knapsack_rl.allocation.registry import build_strategy  # the table holds this class, so not at the top

        return build_strategy(self.of, self.options)

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`. The state is the controlled strategy's."""
        counts_P, state = self._inner()(beliefs, request, state=state, rng=rng)
        return rng.permutation(counts_P), state
