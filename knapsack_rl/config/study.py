"""A whole study: sections, named models and arms, the grid, and overrides per run."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self, TypeVar

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from knapsack_rl.config.engine import Engine
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
)
from knapsack_rl.config.train import TrainConfig

TAKEN = ("mlflow", "reference")
"""Folders in `results/` that belong to no study: the store of MLflow, and the outputs kept for comparison."""

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]


def _as_blocks(value: object) -> object:
    return [value] if isinstance(value, Mapping) else value


Value = TypeVar("Value")

Blocks = Annotated[
    tuple[GridConfig, ...],
    Field(min_length=1),
    BeforeValidator(_as_blocks, json_schema_input_type=GridConfig | list[GridConfig]),
]


def _union(lists: Iterable[list[Value]]) -> list[Value]:
    return list(dict.fromkeys(value for values in lists for value in values))


class StudyConfig(Section):
    """Everything that `config/<study>.yaml` may say."""

    name: Name = Field(description="Name of the study; results land in results/<name> and figures/<name>.")
    code_version: int = Field(
        default=1, ge=1, description="Raise by hand to retrain everything after a change of the training code."
    )
    engine: Engine = Field(
        default="ours",
        description="Trainer of all runs: ours, trl (TRL's GRPOTrainer, docs/trl.md) or verl (docs/verl.md).",
    )
    task: TaskConfig = Field(description="Problems and scorer.")
    models: dict[Name, ModelConfig] = Field(min_length=1, description="Base models by name.")
    arms: dict[Name, ArmConfig] = Field(min_length=1, description="Arms of the comparison by name.")
    grid: Blocks = Field(
        description="Which combinations are run: a block, or a list of blocks, so that cells may have unequal numbers"
        " of seeds. A run that several blocks name is run once."
    )
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
        for number, block in enumerate(self.grid):
            where = "grid" if len(self.grid) == 1 else f"grid.{number}"
            for key, known in (("models", self.models), ("arms", self.arms)):
                for value in getattr(block, key):
                    if value not in known:
                        raise ValueError(
                            f"{where}.{key}: {value!r} is not defined under `{key}` (known: {', '.join(known)})"
                        )
            for key in ("models", "arms", "budgets", "seeds", "batches"):
                values = getattr(block, key)
                if len(set(values)) != len(values):
                    raise ValueError(f"{where}.{key}: {values} names a value twice; remove the repetition")
        return self

    @model_validator(mode="after")
    def _replicates_are_whole(self) -> Self:
        shared = [name for name in self.grid_models if (build := self.models[name].build) and not build.per_seed]
        if self.task.per_seed and shared:
            raise ValueError(
                f"models.{shared[0]}.build.per_seed: is false while task.per_seed is true: one base model would be"
                " pre-trained on problems that are held out for other seeds; set it to true"
            )
        return self

    @property
    def grid_models(self) -> list[str]:
        """Models of any block, in order."""
        return _union(block.models for block in self.grid)

    @property
    def grid_arms(self) -> list[str]:
        """Arms of any block, in order."""
        return _union(block.arms for block in self.grid)

    @property
    def grid_budgets(self) -> list[int]:
        """Budgets of any block, ascending."""
        return sorted(_union(block.budgets for block in self.grid))

    @property
    def grid_seeds(self) -> list[int]:
        """Seeds of any block, in order."""
        return _union(block.seeds for block in self.grid)
