"""Phases: the next rollouts go where they narrow the estimate of the reward most."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.stats import t as student

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import DrawnSoFar


@dataclass(frozen=True, slots=True, kw_only=True)
class Xrpo(SequentialMethod):
    """After ``first`` rollouts each, what is left of ``total`` is dealt in ``phases``, by the shrinking of an interval.

    A prompt's priority is how much its half width ``t s / sqrt(n)`` would shrink with one more rollout at an
    unchanged s, plus ``bonus * sqrt(ln(total drawn) / n)``. Within a phase each rollout goes to the prompt of the
    highest priority, as it stands after those before it. Guesses: 95 % intervals, the form of the bonus, and two
    phases.

    Source: arXiv 2510.06672 (XRPO), second-hand.
    """

    name: ClassVar[str] = "xrpo"
    source: ClassVar[str] = "arXiv 2510.06672, second-hand"

    first: int = 4
    """Rollouts of every prompt at first."""
    phases: int = 2
    """Phases in which the rest is dealt."""
    bonus: float = 0.05
    """Weight of the bonus for prompts of few rollouts."""

    def __post_init__(self) -> None:
        """Check the options."""
        check_above("first", self.first, least=1, strategy=self.name)
        check_above("phases", self.phases, least=0, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request, drawn = context.request, DrawnSoFar()
        drawn.add((yield Draw(counts=dict.fromkeys(request.prompt_ids, self.first))))
        left = request.total - self.first * len(request.prompt_ids)
        for phase in range(self.phases):
            units = left // (self.phases - phase)
            if units > 0:
                counts = self._deal(drawn, request.prompt_ids, units=units, high=request.high, rng=context.rng)
                drawn.add((yield Draw(counts=counts)))
                left -= units
        return Update(state=context.state)

    def _deal(
        self, drawn: DrawnSoFar, prompt_ids: Sequence[str], *, units: int, high: int, rng: np.random.Generator
    ) -> dict[str, int]:
        size_P = np.array([drawn.size(key) for key in prompt_ids])
        spread_P = np.array([np.std(drawn.rewards[key], ddof=1) for key in prompt_ids])
        tie_P, added_P, total = rng.random(len(size_P)), np.zeros(len(size_P), dtype=np.int64), int(size_P.sum())
        for unit in range(units):
            now_P = size_P + added_P
            priority_P = spread_P * (_half_width(now_P) - _half_width(now_P + 1))
            priority_P += self.bonus * np.sqrt(np.log(total + unit) / now_P)
            priority_P[now_P >= high] = -np.inf
            added_P[np.lexsort((tie_P, -priority_P))[0]] += 1
        return {key: int(count) for key, count in zip(prompt_ids, added_P, strict=True) if count}


def _half_width(size_P: np.ndarray) -> np.ndarray:
    """Half width of a 95 % t-interval of a mean at standard deviation 1."""
    return np.asarray(student.ppf(0.975, size_P - 1) / np.sqrt(size_P))
