"""What a verl run says of the allocation: the section ``trainer.v1.knapsack`` of its configuration."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from knapsack_rl.allocation import build_strategy, default_belief
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs import NeedsProbe, build_tracker
from knapsack_rl.config.load import describe
from knapsack_rl.config.sections import Section
from knapsack_rl.integrations.settings import LEAST

SECTION = "trainer.v1.knapsack"
"""Where the settings stand."""


class Settings(Section):
    """The allocation of one verl run.

    Example: ``Settings(strategy="knapsack", belief="newest16", options={"fallback": True})``.
    """

    strategy: str = Field(default="knapsack", description="Allocation strategy, see `knapsack-rl methods`.")
    options: dict[str, Any] = Field(default_factory=dict, description="Options of the strategy.")
    belief: str | None = Field(default=None, description="Belief tracker; the strategy's default if absent.")
    belief_options: dict[str, Any] = Field(default_factory=dict, description="Options of the belief tracker.")
    low: int = Field(default=2, description="Fewest rollouts a prompt may get.")
    high: int = Field(default=128, description="Most rollouts a prompt may get.")
    seed: int = Field(default=0, ge=0, description="Seed of whatever is random in the strategy.")
    success_threshold: float = Field(default=0.5, description="A rollout with at least this reward is a success.")
    advantage_clip: float | None = Field(default=None, gt=0, description="Advantages are clipped to +- this.")
    step_log: str | None = Field(default=None, description="File that a line per step is appended to; its groups.")
    weights: str | None = Field(default=None, description="Folder that weights in the transformers layout go to.")
    weights_at: tuple[int, ...] = Field(default=(), description="Steps whose weights go there.")

    @field_validator("low")
    @classmethod
    def _groups_of_two(cls, low: int) -> int:
        if low < LEAST:
            raise ValueError(
                f"is {low}, and verl gives the only rollout of a group its raw reward as advantage; use {LEAST} or more"
            )
        return low

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low ({self.low}) must not exceed high ({self.high})")
        return self

    @property
    def belief_name(self) -> str:
        """The tracker that is used."""
        return self.belief or default_belief(self.strategy, self.options)


def read_settings(section: Mapping[str, Any] | None) -> Settings:
    """Settings from the section's keys, checked as far as they can be without the rest of the run.

    Raises:
        ConfigError: an unknown key, name or option, a value out of range, or a method that verl cannot serve.
    """
    try:
        settings = Settings.model_validate(dict(section or {}))
    except ValidationError as error:
        raise ConfigError(f"{SECTION}.{describe(error)}") from None
    try:
        _check_methods(settings)
    except ConfigError as error:
        raise ConfigError(f"{SECTION}.{error}") from None
    return settings


def _check_methods(settings: Settings) -> None:
    strategy = build_strategy(settings.strategy, settings.options)
    if strategy.spends_tokens:
        raise ConfigError(
            f"strategy: {settings.strategy!r} spends tokens, so its rollouts do not add up to"
            " data.train_batch_size x actor_rollout_ref.rollout.n; choose one that spends rollouts"
        )
    tracker = build_tracker(settings.belief_name, settings.belief_options)
    if isinstance(tracker, NeedsProbe):
        raise ConfigError(
            f"belief: {settings.belief_name!r} wants an independent sample of every prompt before each step, which"
            " verl does not draw; choose another (knapsack-rl methods)"
        )
