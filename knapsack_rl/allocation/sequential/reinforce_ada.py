"""Rounds of a few rollouts until a prompt has shown what is wanted; a balanced few are trained on."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above, check_choice
from knapsack_rl.allocation.rounds import Draw, Kept, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import DrawnSoFar


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinforceAda(SequentialMethod):
    """Every active prompt gets ``per_round`` rollouts a round, and leaves once it has enough.

    ``exit: positive`` needs one right rollout, ``exit: balance`` two right and two wrong ones; all leave after
    ``max_rounds``. Of a prompt's rollouts the earliest ``keep`` are trained on, half right and half wrong where there
    are so many, with advantage ``r - mean over all of its rollouts``. Expected draws per prompt are ``per_round *
    sum_t P(active after t rounds)``. Exact: the released code, which corrects nothing for the rule of exit (the paper
    weights by 1/p). ``keep`` is 4 there, beside 8 rollouts a round.

    Source: arXiv 2510.04996v3 (Reinforce-Ada-Seq) and its released code.
    """

    name: ClassVar[str] = "reinforce_ada"
    source: ClassVar[str] = "arXiv 2510.04996"

    exit: str = "balance"
    """``positive`` or ``balance``."""
    per_round: int = 8
    """Rollouts of an active prompt in a round."""
    max_rounds: int = 4
    """Rounds of a step."""
    keep: int = 4
    """Rollouts of a prompt that are trained on."""

    def __post_init__(self) -> None:
        """Check the options."""
        check_choice("exit", self.exit, known=("balance", "positive"), strategy=self.name)
        for option in ("per_round", "max_rounds", "keep"):
            check_above(option, getattr(self, option), least=0, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        drawn, active = DrawnSoFar(), list(context.request.prompt_ids)
        for _ in range(self.max_rounds):
            drawn.add((yield Draw(counts=dict.fromkeys(active, self.per_round))))
            active = [key for key in active if not self._has_enough(drawn, key)]
            if not active:
                break
        return Update(
            kept={key: balanced(rewards, self.keep) for key, rewards in drawn.rewards.items()}, state=context.state
        )

    def _has_enough(self, drawn: DrawnSoFar, prompt_id: str) -> bool:
        if self.exit == "positive":
            return drawn.successes[prompt_id] >= 1
        return min(drawn.successes[prompt_id], drawn.failures(prompt_id)) >= 2  # noqa: PLR2004 - two of each kind


def balanced(rewards: list[float], keep: int) -> Kept:
    """The earliest rollouts, half above and half below the midpoint of all, topped up by the other half.

    Returns:
        The rollouts in their order, with advantages ``r - mean(all rewards)``.
    """
    rewards_G = np.asarray(rewards, dtype=np.float64)
    high_G = rewards_G > (rewards_G.max() + rewards_G.min()) / 2
    high, low = np.flatnonzero(high_G), np.flatnonzero(~high_G)
    num_high = min(len(high), max(keep // 2, keep - len(low)))
    chosen = np.sort(np.concatenate([high[:num_high], low[: keep - num_high]]))
    return Kept(rollouts=tuple(chosen.tolist()), advantages_G=rewards_G[chosen] - rewards_G.mean())
