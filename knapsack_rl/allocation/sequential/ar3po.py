"""Stages of a few rollouts; a prompt leaves as soon as one was right."""

from dataclasses import dataclass
from typing import ClassVar

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import DrawnSoFar


@dataclass(frozen=True, slots=True, kw_only=True)
class Ar3po(SequentialMethod):
    """Up to ``stages`` stages of ``per_stage`` rollouts; all rollouts are trained on.

    Expected draws per prompt: ``per_stage * sum_t (1 - p)^(per_stage t)``, never more than ``stages * per_stage``.
    Guess: two stages of four, since the reported average of 5.7 draws suggests eight at most. Left out: swapping a
    stored right answer into a group that stayed all wrong, which needs rollouts of an older policy.

    Source: AR3PO (withdrawn from ICLR 2026), from secondary descriptions; no code was found.
    """

    name: ClassVar[str] = "ar3po"
    source: ClassVar[str] = "AR3PO, second-hand"

    per_stage: int = 4
    """Rollouts of a prompt in a stage."""
    stages: int = 2
    """Stages of a step."""

    def __post_init__(self) -> None:
        """Check the options."""
        for option in ("per_stage", "stages"):
            check_above(option, getattr(self, option), least=0, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        drawn, active = DrawnSoFar(), list(context.request.prompt_ids)
        for _ in range(self.stages):
            drawn.add((yield Draw(counts=dict.fromkeys(active, self.per_stage))))
            active = [key for key in active if drawn.successes[key] == 0]
            if not active:
                break
        return Update(state=context.state)
