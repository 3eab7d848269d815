"""A pilot for every prompt; hard ones get more, stage by stage, until enough were right."""

from dataclasses import dataclass
from typing import ClassVar

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import DrawnSoFar


@dataclass(frozen=True, slots=True, kw_only=True)
class Dars(SequentialMethod):
    """Prompts whose share of right rollouts is below ``hard`` get another ``per_stage`` rollouts in each stage.

    A prompt leaves when its share reaches ``hard``, or after ``stages`` stages. All rollouts are trained on. Guess:
    equal stages; the paper sizes them so that a hard prompt's summed advantage is that of one at one half, and no
    formula of that was seen.

    Source: arXiv 2508.13755 (DARS), second-hand.
    """

    name: ClassVar[str] = "dars"
    source: ClassVar[str] = "arXiv 2508.13755, second-hand"

    pilot: int = 4
    """Rollouts of every prompt at first."""
    per_stage: int = 8
    """Rollouts of a hard prompt in a stage."""
    stages: int = 3
    """Stages after the pilot."""
    hard: float = 0.5
    """Prompts below this share of right rollouts are hard."""

    def __post_init__(self) -> None:
        """Check the options."""
        for option in ("pilot", "per_stage", "stages", "hard"):
            check_above(option, getattr(self, option), least=0, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        drawn, active = DrawnSoFar(), list(context.request.prompt_ids)
        drawn.add((yield Draw(counts=dict.fromkeys(active, self.pilot))))
        for _ in range(self.stages):
            active = [key for key in active if drawn.rate(key) < self.hard]
            if not active:
                break
            drawn.add((yield Draw(counts=dict.fromkeys(active, self.per_stage))))
        return Update(state=context.state)
