"""From the trajectories that verl's replay buffer hands over to groups, and what became of those that it does not.

A trajectory's key is ``<uid>_<session>_<index>``: the uid is drawn anew for every prompt of a step, a session is one
rollout, and an agent loop may leave several outputs of one session, of which the last has the reward.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from knapsack_rl.grpo import effective_ratios


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """One output in the replay buffer. Example: ``Trajectory(key="3f2a_0_0", reward=1.0, num_tokens=57)``."""

    key: str
    reward: float
    num_tokens: int
    """Response tokens."""
    num_prompt_tokens: int = 0
    reason: str | None = None
    """The verdict's reason, where the reward function tells it."""
    truncated: bool | None = None
    """Whether the response was cut off, where the reward function tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a prompt was dealt."""

    prompt_id: str
    num_rollouts: int
    rate: float
    """The believed success rate, NaN if unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DealtGroup:
    """What was dealt to a prompt and what came back; empty lists if nothing did."""

    planned: Planned
    rewards: tuple[float, ...]
    """Of sessions, in their order.  [G]"""
    num_tokens: tuple[int, ...]
    """Response tokens, over all outputs of a session.  [G]"""
    num_prompt_tokens: tuple[int, ...]
    """[G]"""
    reasons: tuple[str | None, ...]
    """[G]"""
    truncated: tuple[bool | None, ...]
    """[G]"""

    @property
    def num_lost(self) -> int:
        """Rollouts that were dealt and did not come back."""
        return self.planned.num_rollouts - len(self.rewards)

    def successes(self, threshold: float) -> list[int]:
        """Whether each reward reaches the threshold.

        Returns:
            1 where it does, else 0.  [G]
        """
        return [int(reward >= threshold) for reward in self.rewards]


def dealt_groups(planned: Mapping[str, Planned], trajectories: Iterable[Trajectory]) -> list[DealtGroup]:
    """Groups in the order they were dealt; trajectories of no planned uid are left out.

    Args:
        planned: what was dealt, by uid.
        trajectories: what was sampled from the replay buffer, in any order, without padding.
    """
    sessions: dict[str, dict[int, list[tuple[int, Trajectory]]]] = {uid: {} for uid in planned}
    for trajectory in trajectories:
        uid, session, index = trajectory.key.rsplit("_", 2)
        if uid in sessions:
            sessions[uid].setdefault(int(session), []).append((int(index), trajectory))
    return [_group(planned[uid], found) for uid, found in sessions.items()]


def _group(planned: Planned, sessions: Mapping[int, Sequence[tuple[int, Trajectory]]]) -> DealtGroup:
    outputs = [sorted(sessions[number], key=lambda pair: pair[0]) for number in sorted(sessions)]
    final = [pairs[-1][1] for pairs in outputs]
    return DealtGroup(
        planned=planned,
        rewards=tuple(trajectory.reward for trajectory in final),
        num_tokens=tuple(sum(trajectory.num_tokens for _, trajectory in pairs) for pairs in outputs),
        num_prompt_tokens=tuple(trajectory.num_prompt_tokens for trajectory in final),
        reasons=tuple(trajectory.reason for trajectory in final),
        truncated=tuple(trajectory.truncated for trajectory in final),
    )


def reward_ratios(groups: Sequence[DealtGroup]) -> tuple[float, float]:
    """Effective-gradient ratios by rollouts and by prompts: a group has a gradient if its rewards differ at all."""
    sizes = [len(group.rewards) for group in groups if group.rewards]
    distinct = [len(set(group.rewards)) for group in groups if group.rewards]
    return effective_ratios(np.zeros(len(sizes)), sizes, num_distinct_P=distinct)
