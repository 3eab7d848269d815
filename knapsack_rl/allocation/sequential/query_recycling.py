"""Prompts without a gradient go back to a pool and are drawn again later, in place of new ones."""

from dataclasses import dataclass
from typing import ClassVar

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Kept, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import DrawnSoFar
from knapsack_rl.base.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRecycling(SequentialMethod):
    """A share of each step's places goes to prompts of the pool, longest there first; the rest to new prompts.

    A prompt enters the pool when its group had no gradient, and leaves it when drawn again. Only groups with a
    gradient are trained on. Guess: the share, and the order of the pool; the paper was not read in full.

    Source: arXiv 2606.10709 (query recycling), second-hand.
    """

    name: ClassVar[str] = "query_recycling"
    source: ClassVar[str] = "arXiv 2606.10709, second-hand"

    share: float = 0.25
    """Share of a step's prompts that may come from the pool."""

    def __post_init__(self) -> None:
        """Check the option."""
        check_above("share", self.share, least=0, strategy=self.name)
        if self.share > 1:
            raise ConfigError(f"strategy {self.name!r}: option share = {self.share:g} must be at most 1")

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request, drawn = context.request, DrawnSoFar()
        pool = [key for key in context.state.get("pool", []) if key not in request.prompt_ids]
        places = len(request.prompt_ids)
        back = pool[: round(self.share * places)]
        if back:
            context.revisit(back)
        members = [*back, *request.prompt_ids[: places - len(back)]]
        drawn.add((yield Draw(counts=dict.fromkeys(members, request.total // places))))
        mixed = drawn.mixed(members)
        returned = [key for key in members if key not in mixed]
        return Update(kept={key: Kept() for key in mixed}, state={"pool": pool[len(back) :] + returned})
