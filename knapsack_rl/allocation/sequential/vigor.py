"""Successive halving inside a step: later rounds go to the prompts whose rewards vary most."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import DrawnSoFar, best
from knapsack_rl.base.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Vigor(SequentialMethod):
    """Round t gives ``first * growth^t`` rollouts to the share ``survive^t`` of prompts with the largest variance.

    The variance is over all of a prompt's rollouts so far; ties are broken at random. With the defaults the rounds
    are 2, 4, 8 and 16 rollouts for all, a half, a quarter and an eighth of the prompts: 8 per prompt on average. All
    are trained on. The rule of ties is a guess: none was published, and with two rollouts the variance takes two
    values.

    Source: VIGOR, from secondary descriptions; no code was found.
    """

    name: ClassVar[str] = "vigor"
    source: ClassVar[str] = "VIGOR, second-hand"

    first: int = 2
    """Rollouts of every prompt in the first round."""
    growth: float = 2.0
    """Factor of a prompt's rollouts from round to round."""
    survive: float = 0.5
    """Share of the prompts that go on to the next round."""
    num_rounds: int = 4
    """Rounds of a step."""

    def __post_init__(self) -> None:
        """Check the options."""
        for option in ("first", "growth", "survive", "num_rounds"):
            check_above(option, getattr(self, option), least=0, strategy=self.name)
        if self.survive > 1:
            raise ConfigError(f"strategy {self.name!r}: option survive = {self.survive:g} must be at most 1")

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        drawn, active = DrawnSoFar(), list(context.request.prompt_ids)
        for number in range(self.num_rounds):
            if number:
                survivors = max(1, round(len(context.request.prompt_ids) * self.survive**number))
                variance = {key: float(np.var(drawn.rewards[key])) for key in active}
                active = best(variance, survivors, rng=context.rng)
            count = max(1, round(self.first * self.growth**number))
            drawn.add((yield Draw(counts=dict.fromkeys(active, count))))
        return Update(state=context.state)
