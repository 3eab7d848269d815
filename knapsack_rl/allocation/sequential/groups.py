"""Facts of groups that have been drawn so far, shared by methods that decide on outcomes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from knapsack_rl.allocation.neyman import neyman_counts
from knapsack_rl.allocation.rounds import Drawn
from knapsack_rl.allocation.strategy import AllocationRequest
from knapsack_rl.base.arrays import FloatArray


@dataclass(slots=True)
class DrawnSoFar:
    """Rewards of a step's prompts over its rounds, in the order in which they were first drawn."""

    rewards: dict[str, list[float]] = field(default_factory=dict)
    """By prompt id, in rollout order.  [P][G]"""
    successes: dict[str, int] = field(default_factory=dict)
    """Rollouts that reached the threshold of success, by prompt id.  [P]"""

    def add(self, drawn: Drawn) -> None:
        """Record a round."""
        for prompt_id, rewards in drawn.rewards.items():
            self.rewards.setdefault(prompt_id, []).extend(rewards)
            self.successes[prompt_id] = self.successes.get(prompt_id, 0) + drawn.successes[prompt_id]

    def size(self, prompt_id: str) -> int:
        """Rollouts of the prompt so far."""
        return len(self.rewards.get(prompt_id, ()))

    def rate(self, prompt_id: str) -> float:
        """Share of its rollouts that succeeded."""
        return self.successes[prompt_id] / self.size(prompt_id)

    def failures(self, prompt_id: str) -> int:
        """Its rollouts that did not succeed."""
        return self.size(prompt_id) - self.successes[prompt_id]

    def mixed(self, prompt_ids: Iterable[str]) -> list[str]:
        """Those whose rewards are not all equal: the ones with a gradient."""
        return [prompt_id for prompt_id in prompt_ids if is_mixed(self.rewards[prompt_id])]


def is_mixed(rewards_G: Sequence[float]) -> bool:
    """Whether a group's rewards are not all equal."""
    return len(set(rewards_G)) > 1


def best(score: Mapping[str, float], count: int, *, rng: np.random.Generator) -> list[str]:
    """The ``count`` prompts of the highest score, ties broken at random; in the order of ``score``."""
    prompt_ids = list(score)
    tie_P = rng.random(len(prompt_ids))
    order_P = np.lexsort((tie_P, -np.array([score[prompt_id] for prompt_id in prompt_ids])))
    chosen = set(order_P[:count].tolist())
    return [prompt_id for number, prompt_id in enumerate(prompt_ids) if number in chosen]


def split_by(
    weight_P: FloatArray, prompt_ids: Sequence[str], *, total: int, high: int, rng: np.random.Generator
) -> dict[str, int]:
    """Rollouts by prompt id with the least ``sum weight / N``, at least 1 and at most ``high`` each.

    Where fewer than one each are left, a random choice of prompts gets one; where there is no room for all, what does
    not fit is not drawn.

    Args:
        weight_P: weights, 0 or more.  [P]
        prompt_ids: the prompts.  [P]
        total: rollouts to split, 1 or more.
        high: most rollouts of a prompt.
        rng: source of ties.
    """
    if total < len(prompt_ids):
        lucky = rng.choice(len(prompt_ids), size=total, replace=False)
        return {prompt_ids[number]: 1 for number in sorted(lucky.tolist())}
    request = AllocationRequest(
        total=min(total, high * len(prompt_ids)), low=1, high=high, prompt_ids=tuple(prompt_ids)
    )
    return dict(zip(prompt_ids, neyman_counts(weight_P, request=request, rng=rng).tolist(), strict=True))
