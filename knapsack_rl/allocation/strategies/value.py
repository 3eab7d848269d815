"""Any value function of the table, maximised exactly: the ablation of what is worth a rollout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_choice
from knapsack_rl.allocation.optimum import best_by_posterior, best_by_rate, require_first_rollout
from knapsack_rl.allocation.posterior import posterior_of
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.allocation.value_table import VALUES
from knapsack_rl.base.arrays import IntArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Value(Strategy):
    """Most total value, for a value function by name; same solver, bounds and tie rule for all of them.

    Unseen prompts get the uniform share, unless ``posterior`` averages the value over a Beta belief, where they need
    no rule. Rates 0 and 1 get no special treatment: what a value gives for them decides. Ties are random.

    Source: section "value functions" of each method's paper; see `VALUES`.
    """

    name: ClassVar[str] = "value"
    source: ClassVar[str] = "ablation of the value in arXiv 2509.25849"

    value: str = "product"
    """Name in the table of value functions."""
    posterior: bool = False
    """Average the value over Beta beliefs instead of using their rate."""

    def __post_init__(self) -> None:
        """Check the name."""
        check_choice("value", self.value, known=VALUES, strategy=self.name)
        if self.posterior and VALUES[self.value].expected is None:
            known = ", ".join(name for name, value in VALUES.items() if value.expected)
            raise ConfigError(
                f"strategy 'value': {self.value!r} has no closed form under a posterior; these have: {known}"
            )

    @property
    def default_belief(self) -> str:
        """Beta beliefs for a posterior, the paper's estimator otherwise."""
        return "beta" if self.posterior else "newest16"

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        value = VALUES[self.value]
        if not self.posterior or value.expected is None:
            return best_by_rate(value.increment, beliefs.rate_P, request=request, rng=rng), state
        if not value.from_zero:
            require_first_rollout(request)
        posterior = posterior_of(beliefs, strategy=self.name)
        return best_by_posterior(value.expected, posterior, request=request, rng=rng), state
