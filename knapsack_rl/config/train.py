"""One GRPO run: its size, its loss and its optimiser."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from knapsack_rl.config.sections import Section

MOVED = {
    **{key: f"optimizer.{key}" for key in ("learning_rate", "weight_decay", "max_grad_norm")},
    **{key: f"loss.{key}" for key in ("clip_low", "clip_high", "dual_clip", "advantage_clip", "kl_coef")},
    **{key: f"loss.{key}" for key in ("entropy_coef", "tis", "tis_cap")},
    "loss_aggregation": "loss.aggregation",
    "normalize_advantages": "loss.advantage (`std` for true, `none` for false)",
}
"""Keys of section `train` that earlier versions knew, and what they are called now."""


class LossConfig(Section):
    """The objective of an update, from the rewards of a group to the loss of a token."""

    advantage: Literal["std", "none", "sqrt_mean", "rloo", "max_rl", "posterior", "zero_variance"] = Field(
        default="std",
        description="What centred rewards are divided by: the group's standard deviation, nothing, or the root of its"
        " mean (Reinforce-Ada). `posterior` and `zero_variance` move groups of equal rewards, too.",
    )
    advantage_clip: float = Field(default=5.0, gt=0, description="Advantages are clipped to +- this for the update.")
    aggregation: Literal["token", "prompt", "sequence"] = Field(
        default="token", description="What has equal weight in the loss of one optimiser step."
    )
    clip_low: float = Field(default=0.2, ge=0, lt=1, description="Lower clip of the probability ratio: 1 - clip_low.")
    clip_high: float = Field(default=0.28, ge=0, description="Upper clip of the probability ratio: 1 + clip_high.")
    dual_clip: float = Field(default=10.0, gt=1, description="Bound of the ratio for negative advantages.")
    kl_coef: float = Field(default=0.0, ge=0, description="Weight of the KL penalty to the base model.")
    entropy_coef: float = Field(default=0.0, ge=0, description="Weight of the entropy bonus.")
    tis: bool | None = Field(
        default=None,
        description="Multiply a token's policy loss by the truncated importance ratio of learner over sampler; left"
        " out: on, unless the sampler is `transformers`, which computes what the learner computes. The clipped ratio is"
        " to the learner's own log-probabilities before the update either way; false is as released.",
    )
    tis_cap: float = Field(default=2.0, gt=0, description="The importance ratio of a token is cut at this.")

    @property
    def importance_cap(self) -> float | None:
        """Cap of truncated importance sampling; None: no factor. A run decides `tis` where it is left out."""
        return self.tis_cap if self.tis else None

    @property
    def needs_every_rollout(self) -> bool:
        """Whether rollouts without an advantage have a gradient, too."""
        return self.kl_coef > 0 or self.entropy_coef > 0


class OptimizerConfig(Section):
    """AdamW, at a constant learning rate."""

    learning_rate: float = Field(default=1.5e-4, gt=0, description="AdamW learning rate, constant.")
    weight_decay: float = Field(default=0.0, ge=0, description="AdamW weight decay.")
    max_grad_norm: float = Field(default=1.0, gt=0, description="Gradient norm is clipped to this.")


class StopConfig(Section):
    """A budget that ends a run, counted as `steps.parquet` counts it: everything generated, whatever became of it.

    Seconds are no budget here: they depend on the machine, so that an interrupted run would end elsewhere than one that
    was not. Nor are operations: no save carries the tokens that were updated on. Table `compute` has both.
    """

    num_rollouts: int | None = Field(default=None, ge=1, description="Rollouts generated in training.")
    num_response_tokens: int | None = Field(default=None, ge=1, description="Response tokens generated in training.")

    @model_validator(mode="after")
    def _one_axis(self) -> Self:
        if (self.num_rollouts is None) == (self.num_response_tokens is None):
            raise ValueError("give exactly one of `num_rollouts` and `num_response_tokens`, or leave `stop` out")
        return self

    @property
    def axis(self) -> Literal["num_rollouts", "num_response_tokens"]:
        """What is counted: a column of the steps."""
        return "num_response_tokens" if self.num_rollouts is None else "num_rollouts"

    @property
    def limit(self) -> int:
        """How many of them end the run."""
        return self.num_rollouts or self.num_response_tokens or 0


class TrainConfig(Section):
    """One GRPO run."""

    steps: int = Field(ge=1, description="Training steps (each: one batch of prompts, `mini_batches` updates).")
    stop: StopConfig | None = Field(
        default=None,
        description="End after the first step at which this much has been generated; `steps` stays the most there are."
        " Left out: a run ends after `steps`.",
    )
    prompts_per_step: int = Field(default=64, ge=1, description="Prompts per step.")
    mini_batches: int = Field(default=2, ge=1, description="Optimiser steps per training step.")
    low: int = Field(default=2, ge=1, description="Fewest rollouts a prompt may get.")
    high: int = Field(default=128, ge=1, description="Most rollouts a prompt may get.")
    probe_rollouts: int = Field(
        default=64, ge=1, description="Rollouts per prompt that show the true rate to an `oracle` belief; not charged."
    )
    loss: LossConfig = Field(default_factory=LossConfig, description="The objective of an update.")
    optimizer: OptimizerConfig = Field(default_factory=OptimizerConfig, description="AdamW.")
    temperature: float = Field(default=1.0, gt=0, description="Sampling temperature.")
    max_response_tokens: int = Field(default=48, ge=1, description="Responses are cut off after this many tokens.")
    micro_batch_tokens: int = Field(default=16_384, ge=1, description="Tokens pushed through the model at once.")
    save_every: int = Field(default=10, ge=1, description="Steps between saves of the resume state.")
    keep_weights_every: int | None = Field(
        default=None,
        ge=1,
        description="Steps between kept weights; 0 and the last are added. Absent: the weights of every evaluated step."
        " Needs evaluation.inside_training.",
    )

    sampled_prompts: int = Field(
        default=3,
        ge=0,
        description="Prompts, from the hardest to the easiest of a step, of which one or two responses are kept as"
        " text, in the first step and at every evaluation; 0 keeps none. Only the engine `ours` keeps any.",
    )

    @model_validator(mode="before")
    @classmethod
    def _no_key_has_moved(cls, given: object) -> object:
        if isinstance(given, Mapping):
            check_moved(given)
        return given

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low ({self.low}) must not exceed high ({self.high})")
        return self


def check_moved(train: Mapping[str, Any]) -> None:
    """Refuse keys of `train` by their old names.

    Raises:
        ValueError: one is among them; the message names the new key.
    """
    for key, value in train.items():
        if key in MOVED:
            raise ValueError(f"{key} (value {value!r}) is now train.{MOVED[key]}; move it there")
