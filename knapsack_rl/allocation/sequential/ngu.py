"""Prompts that were all wrong come back in the next step, again and again, with some probability."""

from dataclasses import dataclass
from typing import ClassVar

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Kept, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import DrawnSoFar
from knapsack_rl.base.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ngu(SequentialMethod):
    """All-wrong prompts return in the next step with probability ``again``, before new ones.

    Draws until a prompt leaves: ``K / (1 - again (1 - p)^K)`` on average, with K rollouts a visit. Returning prompts
    take the places of the last prompts of the step's batch, so every step draws ``total`` rollouts. Left out: pooling
    the rollouts of several visits with weights for their age (advantages anchored at the last success), which needs
    rollouts of older policies; here a group is that of its last visit.

    Source: arXiv 2609.13443 (NGU), second-hand.
    """

    name: ClassVar[str] = "ngu"
    source: ClassVar[str] = "arXiv 2609.13443, second-hand"

    again: float = 0.9
    """Probability that an all-wrong prompt comes back."""

    def __post_init__(self) -> None:
        """Check the option."""
        check_above("again", self.again, least=0, strategy=self.name)
        if self.again >= 1:
            raise ConfigError(f"strategy {self.name!r}: option again = {self.again:g} must be below 1")

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request, drawn = context.request, DrawnSoFar()
        waiting: list[str] = list(context.state.get("waiting", []))
        back = [key for key in waiting if key not in request.prompt_ids][: len(request.prompt_ids)]
        if back:
            context.revisit(back)
        members = [*back, *request.prompt_ids[: len(request.prompt_ids) - len(back)]]
        drawn.add((yield Draw(counts=dict.fromkeys(members, request.total // len(members)))))
        failed = [key for key in members if drawn.successes[key] == 0]
        again = [key for key in failed if context.rng.random() < self.again]
        left = [key for key in waiting if key not in members]  # in the batch by chance, or no place: they go on waiting
        return Update(kept={key: Kept() for key in drawn.mixed(members)}, state={"waiting": again + left})
