"""How rollouts are sampled: which engine, and what it may use."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from knapsack_rl.config.sections import Section

Kind = Literal["transformers", "vllm"]


class SamplerConfig(Section):
    """The engine of training and of evaluation. In a study ``sampler: vllm`` stands for ``sampler: {kind: vllm}``."""

    kind: Kind = Field(
        default="transformers",
        description="`transformers` runs anywhere; `vllm` is fast and an extra, see docs/vllm.md.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where to sample; `auto`: a GPU if there is one. `cuda` without a GPU is an error."
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto", description="vllm: precision of the engine; `auto`: bfloat16 on a GPU, float32 on a CPU."
    )
    memory_fraction: float = Field(
        default=0.45,
        gt=0,
        lt=1,
        description="On a GPU. vllm: share of the memory for weights and cache; transformers: of the free memory, for"
        " the cache.",
    )
    max_rows: int = Field(
        default=1024,
        ge=1,
        description="transformers on a CPU: rollouts decoded together; bounds the memory of the key-value cache.",
    )
    cpu_cache_gib: float = Field(default=1.0, gt=0, description="vllm on a CPU: size of the key-value cache.")
    tensor_parallel: int = Field(
        default=1,
        ge=1,
        description="vllm: GPUs that share one copy of the model. With several ranks it must divide learner.gpus.",
    )
    max_model_len: int | None = Field(
        default=None,
        ge=2,
        description="vllm: longest prompt and response together, in tokens; left out: what the model's config says. A"
        " larger value than that overrides it (Qwen2.5-Math says 4096).",
    )
    enforce_eager: bool = Field(default=False, description="vllm: no compilation and no CUDA graphs; starts faster.")
    sleep: bool = Field(
        default=True, description="vllm on a GPU: give the memory to the learner between sampling phases."
    )
    seeds: Literal["rollout", "call"] = Field(
        default="rollout",
        description="vllm: a random generator per rollout, or one per call (faster on a GPU, one request per prompt; a"
        " rollout then depends on the others of its step).",
    )

    @model_validator(mode="after")
    def _seeds_reach_every_worker(self) -> Self:
        if self.seeds == "call" and self.tensor_parallel > 1:
            raise ValueError("seeds: call needs tensor_parallel: 1; use seeds: rollout")
        return self

    @property
    def ranks_per_engine(self) -> int:
        """With several ranks, how many neighbours share one engine and generate the same rollouts."""
        return self.tensor_parallel if self.kind == "vllm" else 1


def _named(value: object) -> object:
    return {"kind": value} if isinstance(value, str) else value


NamedSampler = Annotated[SamplerConfig, BeforeValidator(_named, json_schema_input_type=SamplerConfig | Kind)]
"""A sampler section, or just the name of its engine."""
