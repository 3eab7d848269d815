"""Dynamic sampling: groups without a gradient are dropped and replaced by groups of new prompts."""

from dataclasses import dataclass
from typing import ClassVar

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Kept, Rounds, SequentialMethod, StepContext, Update


@dataclass(frozen=True, slots=True, kw_only=True)
class Dapo(SequentialMethod):
    """Groups of ``total / P`` rollouts until P of them are mixed, or ``max_rounds`` generation batches were drawn.

    The first P mixed groups are trained on. Each later round draws ``refill`` times as many new prompts as groups are
    missing, at least one; the reference implementation draws whole generation batches, which can cost a batch for one
    missing group. Exact: what is kept (groups of unequal rewards) and the limit of rounds. Ours: the size of a refill.

    Source: arXiv 2503.14476, section 3.2; ``filter_groups`` of the released recipe.
    """

    name: ClassVar[str] = "dapo"
    source: ClassVar[str] = "arXiv 2503.14476"

    refill: float = 1.0
    """New prompts per missing group in a refill."""
    max_rounds: int = 10
    """Generation batches of a step; with 1, groups are dropped and not replaced."""

    def __post_init__(self) -> None:
        """Check the options."""
        check_above("refill", self.refill, least=0, strategy=self.name)
        check_above("max_rounds", self.max_rounds, least=0, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request = context.request
        wanted, size = len(request.prompt_ids), request.total // len(request.prompt_ids)
        prompt_ids, kept = request.prompt_ids, dict[str, Kept]()
        for number in range(self.max_rounds):
            if number:
                prompt_ids, _ = context.new_prompts(max(1, round(self.refill * (wanted - len(kept)))))
            if not prompt_ids:
                break
            drawn = yield Draw(counts=dict.fromkeys(prompt_ids, size))
            kept |= {key: Kept() for key, rewards in drawn.rewards.items() if len(set(rewards)) > 1}
            if len(kept) >= wanted:
                break
        return Update(kept=dict(list(kept.items())[:wanted]), state=context.state)
