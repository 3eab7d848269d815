"""Many prompts are probed with a few rollouts; useful ones wait in a queue for the many rollouts of a later step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Kept, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import DrawnSoFar, best


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotCommit(SequentialMethod):
    """``probes * P`` prompts get ``pilot`` rollouts each; those between the limits are continued with the rest.

    Of the prompts whose pilot share lies in ``[lowest, highest]`` the P with the largest variance get ``total / P -
    pilot`` further rollouts, and pilot and commitment are trained on together. Prompts in the band for which there
    was no place wait up to ``patience`` steps and are then probed again. Cost of a step: ``pilot * probes * P`` more
    than uniform allocation, less the pilots of those chosen. Guess: probe and commitment in one step; the released
    code commits in the next generation call and trains on pilots up to four steps old.

    Source: Pilot-Commit, by its released code, re-implemented from a description.
    """

    name: ClassVar[str] = "pilot_commit"
    source: ClassVar[str] = "Pilot-Commit, released code"

    pilot: int = 2
    """Rollouts of a probe."""
    probes: float = 3.0
    """Prompts probed per prompt that is trained on."""
    lowest: float = 0.125
    """Least share of right pilots."""
    highest: float = 0.75
    """Largest share of right pilots."""
    patience: int = 4
    """Steps that a useful prompt waits for a place."""

    def __post_init__(self) -> None:
        """Check the options."""
        for option in ("pilot", "probes"):
            check_above(option, getattr(self, option), least=0, strategy=self.name)
        check_above("highest", self.highest, least=self.lowest, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request, drawn = context.request, DrawnSoFar()
        wanted = len(request.prompt_ids)
        waiting = _still_waiting(context.state, step=request.step, without=request.prompt_ids)
        if waiting:
            context.revisit(list(waiting))
        missing = round(self.probes * wanted) - wanted - len(waiting)
        fresh = context.new_prompts(missing)[0] if missing > 0 else ()
        candidates = [*waiting, *request.prompt_ids, *fresh]
        drawn.add((yield Draw(counts=dict.fromkeys(candidates, self.pilot))))
        useful = {key: drawn.rate(key) * (1 - drawn.rate(key)) for key in candidates if self._in_band(drawn.rate(key))}
        chosen = best(useful, wanted, rng=context.rng)
        commit = request.total // wanted - self.pilot
        if chosen and commit > 0:
            drawn.add((yield Draw(counts=dict.fromkeys(chosen, commit))))
        until = {key: waiting.get(key, request.step + self.patience) for key in useful if key not in chosen}
        return Update(kept={key: Kept() for key in chosen}, state={"waiting": until})

    def _in_band(self, rate: float) -> bool:
        return self.lowest <= rate <= self.highest


def _still_waiting(state: Mapping[str, Any], *, step: int, without: Sequence[str]) -> dict[str, int]:
    """Prompts whose patience is not over, with the step at which it is."""
    return {key: until for key, until in state.get("waiting", {}).items() if until >= step and key not in without}
