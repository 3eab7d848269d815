"""The key-value cache of the decoding loop, and attention of one new token per row over it.

Shapes: ``B`` rows, ``H`` key-value heads, ``S`` cache positions, ``D`` head size.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.cache_utils import Cache, DynamicLayer
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "knapsack_rl_decoding"
SPARE = 8
"""Positions a full cache grows by: it is copied once in so many tokens. Much more room is slower, being read past."""


class SpareLayer(DynamicLayer):
    """Keys and values with room for a few more tokens; what is not filled yet has to be masked."""

    filled = 0
    """Positions that hold a token."""

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:  # noqa: ANN401 - the signature is transformers'
        """Write new positions behind the filled ones; keys and values, room included.  [B, H, S, D] each."""
        end = self.filled + key_states.shape[-2]
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.keys, self.values = key_states, value_states
        else:
            if end > self.keys.shape[-2]:
                self.keys, self.values = (pad(each, (0, 0, 0, SPARE)) for each in (self.keys, self.values))
            self.keys[:, :, self.filled : end] = key_states
            self.values[:, :, self.filled : end] = value_states
        self.filled = end
        return self.keys, self.values

    def get_seq_length(self) -> int:
        """Positions that hold a token."""
        return self.filled

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Positions that the next ``update`` of ``query_length`` tokens returns, and the offset of the first."""
        return room(self.filled + query_length, 0 if self.keys is None else self.keys.shape[-2]), 0


def room(needed: int, there: int) -> int:
    """Positions of a cache with ``there`` positions once ``needed`` are filled."""
    return needed if not there else there if needed <= there else there + SPARE


def new_cache() -> Cache:
    """An empty cache for any causal model whose layers all attend to keys and values."""
    return Cache(layer_class_to_replicate=SpareLayer)


def use_decoding_attention(model: PreTrainedModel) -> None:
    """Let ``model`` attend with ``decoding_attention``."""
    AttentionInterface.register(NAME, decoding_attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)


def decoding_attention(  # noqa: PLR0917 - transformers calls it
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **options: Any,  # noqa: ANN401
) -> tuple[Tensor, None]:
    """Attention of a single query per row as two matrix products; several queries go to torch's kernel.

    torch's fused kernel is made for many queries: with one it takes about twice as long on a CPU. Heads that share keys
    are the rows of one product, so that keys are never repeated.

    Args:
        module: the attention layer.
        query: [B, heads, 1, D]
        key: [B, H, S, D]
        value: [B, H, S, D]
        attention_mask: False where a position is not seen, [B, 1, 1, S]; None: all are.
        options: ``scaling``.

    Returns:
        [B, 1, heads, D], and None for the attention weights.
    """
    if query.shape[2] > 1:
        attended: tuple[Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return attended
    rows, heads, _, size = query.shape
    scores = query.reshape(rows, key.shape[1], -1, size) @ key.transpose(2, 3) * options["scaling"]
    if attention_mask is not None:
        scores = scores.masked_fill_(~attention_mask, float("-inf"))
    weights = scores.softmax(-1, dtype=torch.float32).to(value.dtype)
    return (weights @ value).reshape(rows, 1, heads, size), None
