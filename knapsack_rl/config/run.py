"""One run, fully resolved: what a training or evaluation job is given and what its records carry."""

from typing import Self

from pydantic import Field, model_validator

from knapsack_rl.config.sections import ArmConfig, EvaluationConfig, ModelConfig, Section, TaskConfig, TrainConfig


class RunConfig(Section):
    """A run is (model, arm, budget, seed); all other values are resolved from the study."""

    run_id: str = Field(description="Readable and unique, e.g. small-knapsack-n8-s0.")
    study: str = Field(description="Name of the study.")
    code_version: int = Field(description="code_version of the study.")
    model_name: str = Field(description="Name of the base model.")
    arm_name: str = Field(description="Name of the arm.")
    budget: int = Field(ge=1, description="Mean rollouts per prompt (N).")
    seed: int = Field(description="Run seed.")
    model: ModelConfig
    arm: ArmConfig
    task: TaskConfig
    train: TrainConfig
    evaluation: EvaluationConfig
    live_tracking: bool = True

    @model_validator(mode="after")
    def _budget_within_bounds(self) -> Self:
        if not self.train.low <= self.budget <= self.train.high:
            raise ValueError(
                f"budget {self.budget} lies outside low={self.train.low}..high={self.train.high} rollouts per prompt;"
                " change grid.budgets or train.low/train.high"
            )
        return self

    @property
    def rollouts_per_step(self) -> int:
        """Rollouts generated per training step, whatever the arm."""
        return self.budget * self.train.prompts_per_step

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """Evaluated steps: 0, every `evaluation.every`, and the last."""
        return tuple(sorted({*range(0, self.train.steps + 1, self.evaluation.every), self.train.steps}))
