"""A whole study: sections, named models and arms, the grid, and overrides per run."""

from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from knapsack_rl.config.learner import LearnerConfig
from knapsack_rl.config.sampler import NamedSampler, SamplerConfig
from knapsack_rl.config.sections import (
    NAME_PATTERN,
    ArmConfig,
    EvaluationConfig,
    GridConfig,
    ModelConfig,
    Section,
    TaskConfig,
    TrackingConfig,
    TrainConfig,
)

TAKEN = ("mlflow", "reference")
"""Folders in `results/` that belong to no study: the store of MLflow, and the outputs kept for comparison."""

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]


class StudyConfig(Section):
    """Everything that `config/<study>.yaml` may say."""

    name: Name = Field(description="Name of the study; results land in results/<name> and figures/<name>.")
    code_version: int = Field(
        default=1, ge=1, description="Raise by hand to retrain everything after a change of the training code."
    )
    task: TaskConfig = Field(description="Problems and scorer.")
    models: dict[Name, ModelConfig] = Field(min_length=1, description="Base models by name.")
    arms: dict[Name, ArmConfig] = Field(min_length=1, description="Arms of the comparison by name.")
    grid: GridConfig = Field(description="Which combinations are run.")
    train: TrainConfig = Field(description="Defaults of every run.")
    evaluation: EvaluationConfig = Field(default_factory=EvaluationConfig, description="Held-out evaluation.")
    learner: LearnerConfig = Field(default_factory=LearnerConfig, description="Device, precision, memory, GPUs.")
    sampler: NamedSampler = Field(
        default_factory=SamplerConfig, description="How rollouts are sampled: a section, or the name of an engine."
    )
    tracking: TrackingConfig = Field(default_factory=TrackingConfig, description="MLflow.")
    overrides: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Per run id: keys of seed, train, evaluation, learner, sampler or arm that differ for this run.",
    )

    @field_validator("name")
    @classmethod
    def _name_is_free(cls, name: str) -> str:
        if name in TAKEN:
            raise ValueError(f"{name!r} is the name of a folder of its own in results/; choose another")
        return name

    @model_validator(mode="after")
    def _grid_names_exist(self) -> Self:
        for key, known in (("models", self.models), ("arms", self.arms)):
            values = getattr(self.grid, key)
            for value in values:
                if value not in known:
                    raise ValueError(f"grid.{key}: {value!r} is not defined under `{key}` (known: {', '.join(known)})")
        for key in ("models", "arms", "budgets", "seeds", "batches"):
            values = getattr(self.grid, key)
            if len(set(values)) != len(values):
                raise ValueError(f"grid.{key}: {values} names a value twice; remove the repetition")
        return self
