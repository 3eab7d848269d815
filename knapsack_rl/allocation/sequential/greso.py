"""Prompts that lately had no gradient are skipped before generation, and groups without one are replaced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Kept, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import DrawnSoFar

EASY_FROM, HARD_TO = 0.98, 0.11
"""Mean reward from which a group without a gradient counts as easy, and up to which as hard (tuned to groups of 8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greso(SequentialMethod):
    """A prompt with z zero-gradient visits in a row is skipped with probability ``1 - max(p^z, least)``.

    p is one of two numbers, for streaks of easy and of hard visits. After a step from the second epoch on each moves
    by ``pace``: down if the share of such groups among those drawn is at its target or above, else up. Missing groups
    are refilled from prompts that pass the same gate: ``1.25 * missing / (1 - share without a gradient)``. Exact:
    gate, streaks, targets, pace. Ours: no lower or upper size of a refill, whose published values are meant for
    batches of 256.

    Source: arXiv 2506.02177 (GRESO) and its released code, re-implemented from a description.
    """

    name: ClassVar[str] = "greso"
    source: ClassVar[str] = "arXiv 2506.02177"

    target: float = 0.25
    """Share of zero-gradient groups aimed at: a third of it easy, two thirds hard."""
    pace: float = 0.01
    """How far p moves after a step."""
    least: float = 0.01
    """Smallest probability of a prompt to be drawn."""
    max_rounds: int = 10
    """Generation batches of a step."""

    def __post_init__(self) -> None:
        """Check the options."""
        for option in ("target", "pace", "least", "max_rounds"):
            check_above(option, getattr(self, option), least=0, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request, memory = context.request, _Memory.of(context.state)
        wanted, size = len(request.prompt_ids), request.total // len(request.prompt_ids)
        drawn, kept = DrawnSoFar(), list[str]()
        candidates: Sequence[str] = request.prompt_ids
        for _ in range(self.max_rounds):
            passed = [key for key in candidates if context.rng.random() < memory.chance(key, least=self.least)]
            if passed:
                drawn.add((yield Draw(counts=dict.fromkeys(passed, size))))
                kept += drawn.mixed(passed)
            missing = wanted - len(kept)
            if missing <= 0:
                break
            share = 1.0 - len(kept) / max(1, len(drawn.rewards))
            candidates, _ = context.new_prompts(_refill(missing, share, most=4 * wanted))
            if not candidates:
                break
        if not drawn.rewards:  # everything was skipped; a step without rollouts would teach nothing about that
            drawn.add((yield Draw(counts=dict.fromkeys(request.prompt_ids, size))))
            kept = drawn.mixed(request.prompt_ids)
        memory.learn(drawn, target=self.target, pace=self.pace if request.epoch else 0.0)
        return Update(kept={key: Kept() for key in kept[:wanted]}, state=memory.state())


def _refill(missing: int, zero_share: float, *, most: int) -> int:
    return max(1, min(most, int(1.25 * missing / max(1.0 - zero_share, 0.05))))


@dataclass(slots=True)
class _Memory:
    """Streaks of zero-gradient visits by prompt, and the two base probabilities."""

    base: dict[str, float]
    streaks: dict[str, list[Any]]  # id -> [kind, length]

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> "_Memory":
        return cls(
            base=dict(state.get("base", {"easy": 0.5, "hard": 0.5})),
            streaks={key: list(value) for key, value in state.get("streaks", {}).items()},
        )

    def state(self) -> dict[str, Any]:
        return {"base": self.base, "streaks": self.streaks}

    def chance(self, prompt_id: str, *, least: float) -> float:
        """Probability that the prompt is drawn: 1 without a streak."""
        kind, length = self.streaks.get(prompt_id, ("easy", 0))
        return max(self.base[kind] ** length, least)

    def learn(self, drawn: DrawnSoFar, *, target: float, pace: float) -> None:
        """Streaks go on or end; the base probabilities move towards their targets."""
        kinds = {key: _kind(rewards) for key, rewards in drawn.rewards.items()}
        for key, kind in kinds.items():
            before = self.streaks.pop(key, [kind, 0])
            if kind:
                self.streaks[key] = [kind, before[1] + 1 if before[0] == kind else 1]
        for kind, share in (("easy", target / 3), ("hard", 2 * target / 3)):
            observed = np.mean([found == kind for found in kinds.values()]) if kinds else 0.0
            moved = self.base[kind] + (-pace if observed >= share else pace)
            self.base[kind] = float(np.clip(moved, 0.05, 0.95))


def _kind(rewards_G: Sequence[float]) -> str:
    """``easy`` or ``hard`` for a group without a gradient, else an empty text."""
    if len(set(rewards_G)) > 1:
        return ""
    mean = float(np.mean(rewards_G))
    return "easy" if mean >= EASY_FROM else "hard" if mean <= HARD_TO else ""
