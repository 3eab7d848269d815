"""Every candidate is drawn, and the prompts of the largest reward variance are trained on."""

from dataclasses import dataclass
from typing import ClassVar

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Kept, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import DrawnSoFar, best


@dataclass(frozen=True, slots=True, kw_only=True)
class Lilo(SequentialMethod):
    """``pool * P`` prompts get ``total / P`` rollouts each; the P with the largest ``p (1 - p)`` are trained on.

    It generates ``pool`` times as much as uniform allocation, so at equal rollouts it takes as many fewer steps.

    Source: LILO, second-hand (four times the batch, groups of eight).
    """

    name: ClassVar[str] = "lilo"
    source: ClassVar[str] = "LILO, second-hand"

    pool: float = 4.0
    """Prompts drawn per prompt that is trained on."""

    def __post_init__(self) -> None:
        """Check the option."""
        check_above("pool", self.pool, least=0, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request, drawn = context.request, DrawnSoFar()
        wanted = len(request.prompt_ids)
        more = round(self.pool * wanted) - wanted
        candidates = [*request.prompt_ids, *(context.new_prompts(more)[0] if more > 0 else ())]
        drawn.add((yield Draw(counts=dict.fromkeys(candidates, request.total // wanted))))
        score = {key: drawn.rate(key) * (1.0 - drawn.rate(key)) for key in candidates}
        return Update(kept={key: Kept() for key in best(score, wanted, rng=context.rng)}, state=context.state)
