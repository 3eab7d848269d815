"""Sections of a study's configuration. Every field says what it is; the JSON schema is generated from here."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

NAME_PATTERN = r"^[a-z0-9]+(_[a-z0-9]+)*$"
"""Names become parts of run ids and file names: lower case, digits and underscores."""


class Section(BaseModel):
    """Base of all sections: unknown keys are errors, values do not change after parsing."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TaskConfig(Section):
    """Which problems are trained on and evaluated."""

    name: str = Field(description="A task that `knapsack-rl methods` lists, or module:Class.")
    options: dict[str, Any] = Field(default_factory=dict, description="Options of the task, checked by the task.")
    seed: int = Field(default=0, description="Seed of the problem sets.")
    per_seed: bool = Field(
        default=False,
        description="Draw problems, and the noise of evaluations, for each run seed anew, so that a run seed is a"
        " replicate of the whole experiment; false: the same sets serve every run of the study.",
    )


class PretrainConfig(Section):
    """How a small base model is made from demonstrations."""

    demonstrations: int = Field(default=40_000, ge=1, description="Demonstrations in the pre-training set.")
    steps: int = Field(default=900, ge=1, description="Optimiser steps.")
    batch_size: int = Field(default=128, ge=1, description="Demonstrations per optimiser step.")
    learning_rate: float = Field(default=2e-3, gt=0, description="Peak learning rate (linear warm-up, cosine decay).")
    warmup_steps: int = Field(default=50, ge=0, description="Steps of linear warm-up.")
    weight_decay: float = Field(default=0.01, ge=0, description="AdamW weight decay.")


class BuildConfig(Section):
    """A Qwen3-architecture model built and pre-trained on the spot; nothing is downloaded."""

    hidden_size: int = Field(ge=4, description="Width of the residual stream.")
    num_layers: int = Field(ge=1, description="Transformer blocks.")
    num_heads: int = Field(default=4, ge=1, description="Attention heads; the head size is hidden_size / num_heads.")
    intermediate_size: int | None = Field(default=None, ge=4, description="MLP width; 3 x hidden_size when left out.")
    seed: int = Field(default=0, description="Seed of the initial weights and of the order of demonstrations.")
    per_seed: bool = Field(
        default=False, description="Build a base model for each run seed; false: all runs of the model share one."
    )
    pretrain: PretrainConfig = Field(default_factory=PretrainConfig, description="Pre-training on demonstrations.")

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.hidden_size % (2 * self.num_heads):
            raise ValueError(
                f"hidden_size ({self.hidden_size}) must be a multiple of 2 x num_heads ({self.num_heads}):"
                " rotary positions need heads of even size"
            )
        return self


class PromptConfig(Section):
    """How a problem becomes a model's prompt."""

    template: str = Field(
        default="plain", description="Wording around a problem: plain, equation, dapo, boxed, qwen_math or r1_distill."
    )
    benchmark_template: str | None = Field(
        default=None, description="Wording on benchmarks, where it is another than in training."
    )
    chat: bool = Field(default=False, description="Use the tokenizer's chat template (chat models); else raw text.")
    thinking: bool | None = Field(
        default=None, description="Handed to the chat template as enable_thinking, where it knows that switch."
    )

    @property
    def templates(self) -> tuple[str, str]:
        """Template in training and on benchmarks."""
        return self.template, self.benchmark_template or self.template

    def on_benchmarks(self) -> "PromptConfig":
        """The same with the template of the benchmarks."""
        return self.model_copy(update={"template": self.benchmark_template or self.template})


class ModelConfig(Section):
    """A base model: exactly one of `build`, `path`, `hub` and `gguf`."""

    build: BuildConfig | None = Field(default=None, description="Build and pre-train a small model in the study.")
    path: str | None = Field(default=None, description="Folder of an existing model in the transformers layout.")
    hub: str | None = Field(default=None, description="Id of a model on the hub, downloaded by the study.")
    gguf: str | None = Field(
        default=None,
        min_length=1,
        description="GGUF file that the study turns into a model in the transformers layout: a path, or"
        " package:<package>/<file> for a file inside an installed Python package.",
    )
    revision: str | None = Field(
        default=None, pattern="^[0-9a-f]{40}$", description="Commit of the model on the hub; a branch could move."
    )
    prompt: PromptConfig = Field(default_factory=PromptConfig, description="How a problem becomes its prompt.")
    train: dict[str, Any] = Field(
        default_factory=dict, description="Keys of `train` that differ for this model, e.g. optimizer."
    )
    learner: dict[str, Any] = Field(
        default_factory=dict, description="Keys of `learner` that differ for this model, e.g. gpus."
    )
    sampler: dict[str, Any] = Field(
        default_factory=dict, description="Keys of `sampler` that differ for this model, e.g. tensor_parallel."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(source is not None for source in (self.build, self.path, self.hub, self.gguf)) != 1:
            raise ValueError(
                "give exactly one of `build` (make one), `path` (have one), `hub` (fetch one) and `gguf` (convert one)"
            )
        if (self.hub is None) != (self.revision is None):
            raise ValueError("`hub` and `revision` (a commit of 40 hexadecimal digits) belong together")
        return self


class ArmConfig(Section):
    """One arm of the comparison: a strategy, the belief it reads, and the options of both."""

    strategy: str = Field(description="A strategy that `knapsack-rl methods` lists, or module:Class.")
    belief: str | None = Field(
        default=None,
        description="A belief that `knapsack-rl methods` lists, or module:Class; the strategy's default if absent.",
    )
    options: dict[str, Any] = Field(default_factory=dict, description="Options of the strategy.")
    belief_options: dict[str, Any] = Field(default_factory=dict, description="Options of the belief tracker.")
    train: dict[str, Any] = Field(
        default_factory=dict,
        description="Keys of `train` that differ for this arm, e.g. loss; not its rollouts.",
    )

    @model_validator(mode="before")
    @classmethod
    def _advantage_has_moved(cls, given: object) -> object:
        if isinstance(given, Mapping) and "advantage" in given:
            raise ValueError(
                f"advantage (value {given['advantage']!r}) is now train.loss.advantage of the arm; move it there"
            )
        return given


Batch = Literal["prompts_fixed", "total_fixed"]
"""What stays the same when the budget changes: the prompts of a step, or its rollouts."""


class GridConfig(Section):
    """A block of runs: every combination of the lists."""

    models: list[str] = Field(min_length=1, description="Names from `models`.")
    arms: list[str] = Field(min_length=1, description="Names from `arms`.")
    budgets: list[int] = Field(min_length=1, description="Mean rollouts per prompt (N); a step spends N x prompts.")
    seeds: list[int] = Field(min_length=1, description="Run seeds: prompt order and sampling noise.")
    batches: list[Batch] = Field(
        default=["prompts_fixed"],
        min_length=1,
        description="What is the same for all budgets: `train.prompts_per_step`, or `rollouts_per_step` (a step then"
        " has rollouts_per_step / N prompts). Where both are named, a budget at which they coincide is run once.",
    )
    rollouts_per_step: int | None = Field(default=None, ge=1, description="Rollouts of a step under `total_fixed`.")

    @model_validator(mode="after")
    def _total_is_given(self) -> Self:
        if ("total_fixed" in self.batches) != (self.rollouts_per_step is not None):
            raise ValueError("`batches: [total_fixed]` and `rollouts_per_step` go together; give both or neither")
        return self


class ProbeConfig(Section):
    """A fixed sample of training problems, answered by the first and the last checkpoint as in training."""

    prompts: int = Field(
        default=0, ge=0, description="Training problems in the probe, the same for every run; 0: none."
    )
    samples: int = Field(default=16, ge=2, description="Samples per problem and checkpoint; charged to no budget.")


class EvaluationConfig(Section):
    """Held-out evaluation of a run's checkpoints."""

    every: int = Field(default=20, ge=1, description="Steps between evaluated checkpoints; 0 and the last are added.")
    samples: int = Field(default=4, ge=1, description="Samples per problem (the k of avg@k and pass@k).")
    temperature: float = Field(default=1.0, gt=0, description="Sampling temperature.")
    max_response_tokens: int = Field(default=64, ge=1, description="Responses are cut off after this many tokens.")
    seed: int = Field(default=0, description="Seed of the evaluation samples, the same for every run.")
    probe: ProbeConfig = Field(
        default_factory=ProbeConfig, description="Difficulty of training problems before and after training."
    )
    inside_training: bool = Field(
        default=False,
        description="Evaluate while training, with the sampler that is loaded; else afterwards, from kept weights.",
    )


class TrackingConfig(Section):
    """MLflow."""

    live: bool = Field(default=True, description="Stream step metrics to MLflow while training.")
