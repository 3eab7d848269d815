"""A pilot round for every prompt; the rest goes where the gradient variance is largest."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Kept, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import DrawnSoFar, split_by


@dataclass(frozen=True, slots=True, kw_only=True)
class GvmPilot(SequentialMethod):
    """``pilot`` rollouts of every prompt, then ``N ∝ 1 / sqrt(p + alpha / p^(beta - 1))`` of what is left.

    p is the pilot's share of right rollouts; prompts without one get no more. Pilots are charged, and trained on only
    with ``train_on_pilots``: the released code throws them away. Guess: gradient norms count as equal, which saves the
    backward pass per accepted pilot that the method takes them from. Equal cost: pilot 2 of 8.

    Source: arXiv 2505.02391 (GVM-RAFT) and its released code.
    """

    name: ClassVar[str] = "gvm_pilot"
    source: ClassVar[str] = "arXiv 2505.02391"

    pilot: int = 2
    """Pilot rollouts of every prompt."""
    alpha: float = 1e-3
    """Damps prompts that are hardly ever right."""
    beta: float = 2.0
    """Power of the damping."""
    train_on_pilots: bool = False
    """Whether pilots are trained on."""

    def __post_init__(self) -> None:
        """Check the options."""
        check_above("pilot", self.pilot, least=0, strategy=self.name)
        check_above("alpha", self.alpha, least=0, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request, drawn = context.request, DrawnSoFar()
        drawn.add((yield Draw(counts=dict.fromkeys(request.prompt_ids, self.pilot))))
        solved = [key for key in request.prompt_ids if drawn.successes[key] > 0]
        left = request.total - self.pilot * len(request.prompt_ids)
        if not solved or left <= 0:
            return Update(kept=None if self.train_on_pilots else {}, state=context.state)
        rate_P = np.array([drawn.rate(key) for key in solved])
        weight_P = rate_P ** (self.beta - 1.0) / (rate_P**self.beta + self.alpha)
        counts = split_by(weight_P, solved, total=left, high=request.high, rng=context.rng)
        drawn.add((yield Draw(counts=counts)))
        first = 0 if self.train_on_pilots else self.pilot
        kept = {key: Kept(rollouts=tuple(range(first, drawn.size(key)))) for key in counts}
        return Update(kept=kept, state=context.state)
