"""A strategy that hands its work to another one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from knapsack_rl.allocation.strategy import AllocationRequest, Outcome, Strategy
from knapsack_rl.base.arrays import IntArray
from knapsack_rl.base.choices import NO_OPTION
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays

INNER = "knapsack"
"""The inner strategy where none is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped(Strategy):
    """Everything as strategy ``of`` does it; subclasses change one thing. The state is that of the inner strategy."""

    of: str = INNER
    """Name of the inner strategy."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of that strategy."""
    inner: Strategy = field(repr=False, metadata=NO_OPTION)
    """The inner strategy, which `build_strategy` makes from ``of`` and ``options``."""

    def __post_init__(self) -> None:
        """Check the inner strategy."""
        if self.inner.name == self.name:
            raise ConfigError(
                f"strategy {self.name!r}: option of = {self.of!r} must name another strategy, e.g. {INNER!r}"
            )

    @property
    def default_belief(self) -> str:
        """That of the inner strategy."""
        return self.inner.default_belief

    @property
    def keeps_bounds(self) -> bool:
        """As the inner strategy."""
        return self.inner.keeps_bounds

    @property
    def spends_tokens(self) -> bool:
        """As the inner strategy."""
        return self.inner.spends_tokens

    @property
    def reads_features(self) -> bool:
        """As the inner strategy."""
        return self.inner.reads_features

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts of the inner strategy; see `Strategy.__call__`."""
        return self.inner(beliefs, request, state=state, rng=rng)

    def observe(self, outcome: Outcome, *, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The inner strategy learns."""
        return self.inner.observe(outcome, state=state)
