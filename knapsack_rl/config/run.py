"""One run, fully resolved: what a training or evaluation job is given and what its records carry."""

import math
from typing import Self

from pydantic import Field, model_validator

from knapsack_rl.config.engine import Engine, objections
from knapsack_rl.config.learner import LearnerConfig
from knapsack_rl.config.sampler import SamplerConfig
from knapsack_rl.config.sections import (
    ArmConfig,
    Batch,
    EvaluationConfig,
    ModelConfig,
    Section,
    TaskConfig,
)
from knapsack_rl.config.train import TrainConfig


class RunConfig(Section):
    """A run is (model, arm, budget, seed); all other values are resolved from the study."""

    run_id: str = Field(description="Readable and unique, e.g. small-knapsack-n8-s0.")
    study: str = Field(description="Name of the study.")
    code_version: int = Field(description="code_version of the study.")
    model_name: str = Field(description="Name of the base model.")
    arm_name: str = Field(description="Name of the arm.")
    budget: int = Field(ge=1, description="Mean rollouts per prompt (N).")
    batch: Batch = Field(default="prompts_fixed", description="What other budgets of the study have in common with it.")
    engine: Engine = Field(default="ours", description="The trainer that trains it.")
    seed: int = Field(description="Run seed.")
    base_model: str | None = Field(
        default=None, description="Folder of the base model in the study's models; the model's name if left out."
    )
    problem_set: str | None = Field(
        default=None, description="Folder of the run's problem sets in the study's data, where seeds have their own."
    )
    model: ModelConfig
    arm: ArmConfig
    task: TaskConfig
    train: TrainConfig
    evaluation: EvaluationConfig
    learner: LearnerConfig = Field(default_factory=LearnerConfig)
    sampler: SamplerConfig = Field(default_factory=SamplerConfig)
    live_tracking: bool = True

    @model_validator(mode="after")
    def _engine_fits_the_learner(self) -> Self:
        shared = self.sampler.ranks_per_engine
        if self.learner.gpus > 1 and self.learner.gpus % shared:
            raise ValueError(
                f"sampler.tensor_parallel is {shared}, but learner.gpus is {self.learner.gpus}: with several ranks"
                f" every {shared} neighbours share an engine; set tensor_parallel to a divisor of learner.gpus"
            )
        return self

    @model_validator(mode="after")
    def _engine_can(self) -> Self:
        for objection in objections(self):
            raise ValueError(f"engine: {self.engine}: {objection}")
        return self

    @model_validator(mode="after")
    def _budget_within_bounds(self) -> Self:
        if not self.train.low <= self.budget <= self.train.high:
            raise ValueError(
                f"budget {self.budget} lies outside low={self.train.low}..high={self.train.high} rollouts per prompt;"
                " change grid.budgets or train.low/train.high"
            )
        return self

    @model_validator(mode="after")
    def _evaluated_before_dropped(self) -> Self:
        if self.train.keep_weights_every is not None and not self.evaluation.inside_training:
            raise ValueError(
                f"train.keep_weights_every ({self.train.keep_weights_every}) drops weights that `evaluate` would read;"
                " set evaluation.inside_training: true, or leave it out"
            )
        return self

    @property
    def model_label(self) -> str:
        """The model as results name it; a run is compared with runs of the same label and budget only."""
        return self.model_name if self.batch == "prompts_fixed" else f"{self.model_name}, total fixed"

    @property
    def base_folder(self) -> str:
        """Folder of the base model in the study's models."""
        return self.base_model or self.model_name

    @property
    def rollouts_per_step(self) -> int:
        """Rollouts generated per training step, whatever the arm."""
        return self.budget * self.train.prompts_per_step

    def steps_at(self, response_tokens: float) -> int:
        """Steps that the run takes if a response has so many tokens and every step generates ``rollouts_per_step``."""
        stop = self.train.stop
        if stop is None:
            return self.train.steps
        per_step = self.rollouts_per_step * (1 if stop.axis == "num_rollouts" else response_tokens)
        return min(self.train.steps, math.ceil(stop.limit / per_step))

    @property
    def resolved_train(self) -> TrainConfig:
        """Section `train`, with `loss.tis` decided: on, unless sampler and learner compute alike."""
        if self.train.loss.tis is not None:
            return self.train
        loss = self.train.loss.model_copy(update={"tis": self.sampler.kind != "transformers"})
        return self.train.model_copy(update={"loss": loss})

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """Evaluated steps of a run that takes all of `train.steps`."""
        return self.checkpoints_to(self.train.steps)

    def checkpoints_to(self, last: int) -> tuple[int, ...]:
        """Evaluated steps of a run that ends after step ``last``: 0, every `evaluation.every`, and the last."""
        return _regular(last, every=self.evaluation.every)

    @property
    def kept_weights(self) -> tuple[int, ...]:
        """Steps whose weights are kept by a run that takes all of `train.steps`."""
        return self.kept_weights_to(self.train.steps)

    def kept_weights_to(self, last: int) -> tuple[int, ...]:
        """The same of a run that ends after ``last``: evaluated ones, or as `train.keep_weights_every` says."""
        return _regular(last, every=self.train.keep_weights_every or self.evaluation.every)


def _regular(last: int, *, every: int) -> tuple[int, ...]:
    return tuple(sorted({*range(0, last + 1, every), last}))
