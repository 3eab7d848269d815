"""What the allocation inside another trainer is told: strategy, belief, bounds, and what counts as a success."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from knapsack_rl.allocation import build_strategy, default_belief
from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.beliefs import NeedsFeatures, NeedsProbe, build_tracker

Rewards = Sequence[float] | FloatArray
"""Rewards of one prompt.  [G]"""
FLOAT32 = 1e-6
"""Relative rounding of a reward that was kept in float32, with room."""
LEAST = 2
"""Fewest rollouts of a group that can have an advantage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationSettings:
    """The allocation of one run.

    Example: ``AllocationSettings(strategy="knapsack", belief="newest16", low=2, high=64)``.

    Raises:
        ConfigError: an unknown name or option, bounds that no group can have, or a method that needs what only our
            own trainer does.
    """

    strategy: str = "knapsack"
    """Name of the strategy; `knapsack-rl methods` lists them."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the strategy."""
    belief: str | None = None
    """Name of the belief tracker; None: the strategy's default."""
    belief_options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the belief tracker."""
    low: int = LEAST
    """Fewest rollouts a prompt may get."""
    high: int = 128
    """Most rollouts a prompt may get."""
    seed: int = 0
    """Seed of whatever is random in the strategy."""
    success_threshold: float | None = None
    """A rollout with at least this reward is a success; None: rewards are 0 and 1, and anything else is an error."""

    def __post_init__(self) -> None:
        """Check what can be checked without data."""
        if self.low < LEAST:
            raise ConfigError(
                f"low = {self.low}: a group of fewer than {LEAST} rollouts has no advantage; use {LEAST} or more"
            )
        if self.low > self.high:
            raise ConfigError(f"low = {self.low} exceeds high = {self.high}; lower it or raise high")
        if self.success_threshold is not None and not math.isfinite(self.success_threshold):
            raise ConfigError(f"success_threshold = {self.success_threshold} must be a finite reward")
        if build_strategy(self.strategy, self.options).spends_tokens:
            raise ConfigError(
                f"strategy {self.strategy!r} spends tokens, and other trainers need a fixed number of rollouts;"
                " choose one that spends rollouts (knapsack-rl methods)"
            )
        if isinstance(build_tracker(self.belief_name, self.belief_options), NeedsProbe):
            raise ConfigError(
                f"belief {self.belief_name!r} wants an independent sample of every prompt before each step, which"
                " other trainers do not draw; choose another (knapsack-rl methods)"
            )

    @property
    def belief_name(self) -> str:
        """The tracker that is used."""
        return self.belief or default_belief(self.strategy, self.options)

    @property
    def reads_texts(self) -> bool:
        """Whether strategy or belief predicts from the texts of the prompts."""
        tracker = build_tracker(self.belief_name, self.belief_options)
        return isinstance(tracker, NeedsFeatures) or build_strategy(self.strategy, self.options).reads_features

    def identity(self) -> dict[str, Any]:
        """What saved beliefs belong to, as it reads after a round trip through JSON; bounds may change on the way."""
        named = asdict(self) | {"belief": self.belief_name}
        kept = {key: value for key, value in named.items() if key not in ("low", "high")}
        return dict(json.loads(json.dumps(kept)))


def successes(rewards_P_G: Sequence[Rewards], *, prompt_ids: Sequence[str], threshold: float | None) -> list[list[int]]:
    """1 for a rollout that succeeded, 0 for one that failed; NaN rewards are left out.

    Args:
        rewards_P_G: rewards of each prompt in rollout order.
        prompt_ids: for the message.  [P]
        threshold: reward from which on a rollout is a success, up to the rounding of float32, in which trainers keep
            rewards; None: rewards must be 0 or 1.

    Raises:
        InputError: a reward is neither 0 nor 1 and there is no threshold.
    """
    right: list[list[int]] = []
    for number, group in enumerate(rewards_P_G):
        judged = [float(reward) for reward in group if not math.isnan(reward)]
        odd = next((reward for reward in judged if reward not in (0.0, 1.0)), None)
        if threshold is None and odd is not None:
            raise InputError(
                f"reward {odd:g} of prompt {prompt_ids[number]!r} is neither 0 nor 1; say from which reward on a"
                " rollout is a success: success_threshold"
            )
        bar = 1.0 if threshold is None else threshold - FLOAT32 * max(1.0, abs(threshold))
        right.append([int(reward >= bar) for reward in judged])
    return right
