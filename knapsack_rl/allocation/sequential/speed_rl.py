"""A few screening rollouts; only prompts between all wrong and all right are continued."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Kept, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import DrawnSoFar, split_by


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedRl(SequentialMethod):
    """``screen`` rollouts of every prompt; those whose share of right ones lies strictly between the limits go on.

    They get what the step has left, evenly, and at most ``high`` rollouts each; the others are dropped. So a step draws
    ``total`` rollouts as long as somebody is left to draw for. The paper screens the next step's prompts in the same
    generation call as it continues this step's; the outcome is the same, one round of latency apart.

    Source: arXiv 2506.09016 (SPEED-RL), second-hand.
    """

    name: ClassVar[str] = "speed_rl"
    source: ClassVar[str] = "arXiv 2506.09016, second-hand"

    screen: int = 4
    """Screening rollouts of every prompt."""
    easiest: float = 1.0
    """Prompts at this share of right rollouts or above are dropped."""
    hardest: float = 0.0
    """Prompts at this share of right rollouts or below are dropped."""

    def __post_init__(self) -> None:
        """Check the options."""
        check_above("screen", self.screen, least=1, strategy=self.name)
        check_above("easiest", self.easiest, least=self.hardest, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request, drawn = context.request, DrawnSoFar()
        drawn.add((yield Draw(counts=dict.fromkeys(request.prompt_ids, self.screen))))
        going_on = [key for key in request.prompt_ids if self.hardest < drawn.rate(key) < self.easiest]
        left = request.total - self.screen * len(request.prompt_ids)
        if going_on and left > 0:
            room = max(1, request.high - self.screen)
            drawn.add(
                (yield Draw(counts=split_by(np.ones(len(going_on)), going_on, total=left, high=room, rng=context.rng)))
            )
        return Update(kept={key: Kept() for key in going_on}, state=context.state)
