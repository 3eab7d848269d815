"""How the policy is updated: device, precision, memory. Nothing here changes the objective."""

from typing import Literal, Self

from pydantic import Field, model_validator

from knapsack_rl.config.sections import Section


class LearnerConfig(Section):
    """Where and with how much memory a run's update is computed."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where the models run; auto takes a GPU where there is one."
    )
    gpus: int = Field(default=1, ge=1, description="Processes per node, one per GPU (on device cpu: that many on it).")
    dtype: Literal["float32", "bfloat16"] = Field(default="float32", description="What matrices are multiplied in.")
    weights_dtype: Literal["float32", "bfloat16"] = Field(
        default="float32", description="What the learner keeps weights and gradients in (float32: master weights)."
    )
    moments_dtype: Literal["float32", "bfloat16"] | None = Field(
        default=None,
        description="What AdamW's moments are kept in; as `weights_dtype` if left out. float32 beside bfloat16 weights"
        " computes each step in float32 and rounds it stochastically.",
    )
    gradient_checkpointing: bool = Field(
        default=False, description="Keep one activation per block and compute the others again in the backward pass."
    )
    packing: Literal["padded", "packed", "shared"] = Field(
        default="padded",
        description="padded: rows of like length; packed: rows end to end, no padding at all; shared: rows of one"
        " prompt run it through the model once, and only attention is padded.",
    )
    max_logits: int = Field(
        default=134_217_728, ge=1, description="Most logits (tokens x vocabulary) held at once; 4 bytes each."
    )
    optimizer: Literal["adamw", "adamw_8bit"] = Field(
        default="adamw",
        description="adamw_8bit: moments in 8 bits (torchao).",
    )
    check_memory: bool = Field(default=True, description="Estimate the memory before loading and stop if it is short.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.weights_dtype == "bfloat16" and self.dtype == "float32":
            raise ValueError(
                "weights_dtype bfloat16 needs dtype bfloat16: float32 products of bfloat16 weights gain nothing"
            )
        if self.moments_dtype == "bfloat16" and self.weights_dtype == "float32":
            raise ValueError("moments_dtype bfloat16 needs weights_dtype bfloat16; leave it out beside float32 weights")
        if self.moments_dtype and self.optimizer == "adamw_8bit":
            raise ValueError("optimizer adamw_8bit keeps its moments in 8 bits; leave moments_dtype out")
        return self

    @property
    def moments_in(self) -> Literal["float32", "bfloat16"]:
        """What AdamW keeps its moments in."""
        return self.moments_dtype or self.weights_dtype

    @property
    def gpus_asked_for(self) -> int:
        """GPUs that a scheduler must grant: none where `auto` with one process takes what it finds."""
        return 0 if self.device == "cpu" or (self.device == "auto" and self.gpus == 1) else self.gpus
