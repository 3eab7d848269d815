"""Sizes of transformer models from a few numbers, without loading one: for estimates of compute, memory and disk."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knapsack_rl.config import BuildConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    """A dense decoder with gated MLPs: Qwen2, Qwen3, Llama and their like."""

    num_layers: int
    hidden_size: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    intermediate_size: int
    vocabulary: int
    tied: bool
    """Input embedding and output projection are one matrix."""
    qkv_bias: bool = False
    qk_norm: bool = False
    context: int
    """Longest sequence the model's configuration allows, in tokens."""

    @property
    def block_parameters(self) -> int:
        """Weights of one block."""
        queries, keys = self.num_heads * self.head_dim, self.num_kv_heads * self.head_dim
        attention = self.hidden_size * (2 * queries + 2 * keys) + self.qkv_bias * (queries + 2 * keys)
        norms = 2 * self.hidden_size + self.qk_norm * 2 * self.head_dim
        return attention + 3 * self.hidden_size * self.intermediate_size + norms

    @property
    def num_parameters(self) -> int:
        """All weights."""
        embeddings = (1 if self.tied else 2) * self.vocabulary * self.hidden_size
        return self.num_layers * self.block_parameters + embeddings + self.hidden_size

    @property
    def cache_per_token(self) -> int:
        """Numbers in the key-value cache of one token."""
        return 2 * self.num_layers * self.num_kv_heads * self.head_dim


_QWEN2 = {"qkv_bias": True, "vocabulary": 151_936}
_QWEN3 = {"qk_norm": True, "head_dim": 128, "num_kv_heads": 8, "vocabulary": 151_936, "tied": True}


def _shape(layers: int, hidden: int, *, heads: int, intermediate: int, context: int, **others: Any) -> ModelShape:  # noqa: ANN401 - fields
    fields = {"head_dim": hidden // heads, "tied": True, "num_kv_heads": 2} | others
    return ModelShape(
        num_layers=layers,
        hidden_size=hidden,
        num_heads=heads,
        intermediate_size=intermediate,
        context=context,
        **fields,
    )


KNOWN = {
    "Qwen/Qwen2.5-0.5B": _shape(24, 896, heads=14, intermediate=4864, context=32_768, **_QWEN2),
    "Qwen/Qwen2.5-Math-1.5B": _shape(28, 1536, heads=12, intermediate=8960, context=4096, **_QWEN2),
    "Qwen/Qwen2.5-Math-7B": _shape(
        28,
        3584,
        heads=28,
        intermediate=18_944,
        context=4096,
        **_QWEN2 | {"num_kv_heads": 4, "vocabulary": 152_064, "tied": False},
    ),
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B": _shape(
        28, 1536, heads=12, intermediate=8960, context=131_072, **_QWEN2 | {"tied": False}
    ),
    "Qwen/Qwen3-0.6B-Base": _shape(28, 1024, heads=16, intermediate=3072, context=32_768, **_QWEN3),
    "Qwen/Qwen3-4B-Base": _shape(36, 2560, heads=32, intermediate=9728, context=32_768, **_QWEN3),
    "Qwen/Qwen3-4B-Instruct-2507": _shape(36, 2560, heads=32, intermediate=9728, context=262_144, **_QWEN3),
}
"""Models of the studies by hub id, from their published configurations; a downloaded model's own file is preferred."""


def shape_of_build(build: BuildConfig, *, vocabulary: int) -> ModelShape:
    """Shape of a model that the study makes itself."""
    return _shape(
        build.num_layers,
        build.hidden_size,
        heads=build.num_heads,
        intermediate=build.intermediate_size or 3 * build.hidden_size,
        context=256,
        num_kv_heads=build.num_heads,
        qk_norm=True,
        vocabulary=vocabulary,
    )


def shape_of_folder(folder: Path) -> ModelShape | None:
    """Shape of the model in ``folder``; None if it is not there, or not of this kind."""
    try:
        return _from_config(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    except (OSError, json.JSONDecodeError, KeyError, TypeError):
        return None


def _from_config(config: Mapping[str, Any]) -> ModelShape:
    heads = config["num_attention_heads"]
    kind = config.get("model_type", "")
    return ModelShape(
        num_layers=config["num_hidden_layers"],
        hidden_size=config["hidden_size"],
        num_heads=heads,
        num_kv_heads=config.get("num_key_value_heads") or heads,
        head_dim=config.get("head_dim") or config["hidden_size"] // heads,
        intermediate_size=config["intermediate_size"],
        vocabulary=config["vocab_size"],
        tied=bool(config.get("tie_word_embeddings", False)),
        qkv_bias=kind == "qwen2" or bool(config.get("attention_bias", False)),
        qk_norm=kind == "qwen3",
        context=config["max_position_embeddings"],
    )
