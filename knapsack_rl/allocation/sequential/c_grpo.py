"""C-GRPO: rollouts of a prompt double until a conformal set over their outcomes holds one outcome alone."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Drawn, Kept, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import DrawnSoFar
from knapsack_rl.base.errors import ConfigError


def conformal_threshold(scores: Sequence[float], *, miss: float) -> float:
    """The ``ceil((n + 1) (1 - miss))``-th smallest of n calibration scores in 0..1; 1 where there are too few.

    A set of all outcomes whose score is at most this misses the true one with probability ``miss`` at most (split
    conformal prediction), for a prompt exchangeable with those of the calibration.
    """
    rank = ceil((len(scores) + 1) * (1.0 - miss))
    return sorted(scores)[rank - 1] if rank <= len(scores) else 1.0


def is_open(rate: float, threshold: float, /) -> bool:
    """Whether the conformal set of a prompt with this share of right rollouts holds none or both of the outcomes."""
    inside = [share for share in (rate, 1.0 - rate) if share > 0 and 1.0 - share <= threshold]
    return len(inside) != 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CGrpo(SequentialMethod):
    """A prompt gets 2, 4, 8, 16, 32 rollouts in all; it stops where the conformal set of its outcomes is a singleton.

    The score of an outcome is 1 minus its share of the prompt's rollouts; one that did not occur is not in the set.
    Every ``every`` steps ``calibration`` further prompts of the stream get the largest budget, and the threshold is the
    conformal quantile of the scores of being right. These rollouts are charged and not trained on. All others are. A
    step spends what it needs, and not ``request.total``.

    Exact: budgets, stopping rule, rank of the threshold, calibration every 50 steps at 32 rollouts. Departure: the
    outcomes are right and wrong, since a method is not shown answers; the original's are the answers, so that a prompt
    whose answers are all wrong and differ goes on there and stops here. Guesses: the score, ``miss``, how many
    prompts calibrate.

    Source: trl-cgrpo 0.2.0 and TRL pull request 7402 (C-GRPO), second-hand.
    """

    name: ClassVar[str] = "c_grpo"
    source: ClassVar[str] = "trl-cgrpo 0.2.0, second-hand"

    first: int = 2
    """Rollouts of every prompt in the first round; each further round doubles them."""
    most: int = 32
    """Most rollouts of a prompt, and those of a calibration prompt."""
    miss: float = 0.1
    """delta: how often the set may miss."""
    calibration: int = 16
    """Prompts of a calibration."""
    every: int = 50
    """Steps from one calibration to the next."""

    def __post_init__(self) -> None:
        """Check the options."""
        for option in ("first", "miss", "calibration", "every"):
            check_above(option, getattr(self, option), least=0, strategy=self.name)
        check_above("most", self.most, least=self.first, strategy=self.name)
        if self.miss >= 1.0:
            raise ConfigError(f"strategy 'c_grpo': option miss = {self.miss:g} must be below 1")

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        state: Mapping[str, Any] = context.state
        if not state or context.request.step - state["calibrated"] >= self.every:
            threshold = yield from self._calibrate(context)
            state = {"threshold": threshold, "calibrated": context.request.step}
        ids, drawn, size = context.request.prompt_ids, DrawnSoFar(), self.first
        active = list(ids)
        drawn.add((yield Draw(counts=dict.fromkeys(active, size))))
        while size < self.most and (active := [key for key in active if is_open(drawn.rate(key), state["threshold"])]):
            grown = min(2 * size, self.most)
            drawn.add((yield Draw(counts=dict.fromkeys(active, grown - size))))
            size = grown
        return Update(kept={key: Kept() for key in ids}, state=state)

    def _calibrate(self, context: StepContext) -> Generator[Draw, Drawn, float]:
        """Threshold from prompts of their own; the largest score if the stream has none left."""
        fresh, _ = context.new_prompts(self.calibration)
        if not fresh:
            return 1.0
        shown = DrawnSoFar()
        shown.add((yield Draw(counts=dict.fromkeys(fresh, self.most))))
        return conformal_threshold([1.0 - shown.rate(key) for key in fresh], miss=self.miss)
