"""Groups that hold most of the reward variance are trained on; the rest is dropped and not replaced."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Kept, Rounds, SequentialMethod, StepContext, Update


@dataclass(frozen=True, slots=True, kw_only=True)
class RagenTopP(SequentialMethod):
    """The fewest groups that together hold the share ``mass`` of the step's reward variance are trained on.

    Groups without variance are never among them, so with ``mass: 1`` this is dynamic sampling without refill. A step
    costs what a uniform one costs.

    Source: arXiv 2604.06268 (RAGEN-2), second-hand.
    """

    name: ClassVar[str] = "ragen_top_p"
    source: ClassVar[str] = "arXiv 2604.06268, second-hand"

    mass: float = 0.9
    """Share of the summed variance that is kept."""

    def __post_init__(self) -> None:
        """Check the option."""
        check_above("mass", self.mass, least=0, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request = context.request
        drawn = yield Draw(counts=dict.fromkeys(request.prompt_ids, request.total // len(request.prompt_ids)))
        variance_P = np.array([np.var(drawn.rewards[key]) for key in request.prompt_ids])
        order_P = np.lexsort((context.rng.random(len(variance_P)), -variance_P))
        before_P = np.concatenate([[0.0], np.cumsum(variance_P[order_P])[:-1]])
        # The last group is the one that reaches the mass; rounding must not add one more.
        needed_P = (before_P < self.mass * variance_P.sum() - 1e-12) & (variance_P[order_P] > 0)
        chosen = set(order_P[needed_P].tolist())
        kept = {key: Kept() for number, key in enumerate(request.prompt_ids) if number in chosen}
        return Update(kept=kept, state=context.state)
