"""Attention over rows laid end to end: each row sees itself alone, and no [T, T] mask is ever made."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel

NAME = "knapsack_rl_packed"


def use_packed_attention(model: PreTrainedModel) -> None:
    """Let ``model`` attend within rows; its forward pass then needs ``cu_seq_lens_q`` and ``max_length_q``."""
    AttentionInterface.register(NAME, packed_attention)
    AttentionMaskInterface.register(NAME, _no_mask)
    model.set_attn_implementation(NAME)


def packed_attention(  # noqa: PLR0917 - transformers calls it
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    *arguments: Any,  # noqa: ANN401 - the signature is transformers'
    **options: Any,  # noqa: ANN401
) -> tuple[Tensor, None]:
    """Causal attention inside each row of a packed batch.

    Half precision on a GPU takes torch's variable-length kernel; elsewhere rows are attended to one after the other,
    with the same result up to rounding.

    Args:
        module: the attention layer.
        query: [1, heads, T, head size]
        key: [1, key-value heads, T, head size]
        arguments: the value, shaped as the key, and a mask that is ignored.
        options: ``scaling``; ``cu_seq_lens_q``, the rows' boundaries [R + 1] (int32);
            ``max_length_q``, the longest row.

    Returns:
        [1, T, heads, head size], and None for the attention weights.
    """
    del module
    query, key, value = _of_one_precision(query, key, value=arguments[0])
    if query.is_cuda and query.dtype in (torch.float16, torch.bfloat16):
        return _by_kernel(query, key, value, options), None
    rows = [
        scaled_dot_product_attention(
            query[:, :, start:end],
            key[:, :, start:end],
            value[:, :, start:end],
            is_causal=True,
            scale=options["scaling"],
            enable_gqa=key.shape[1] != query.shape[1],
        )
        for start, end in pairwise(options["cu_seq_lens_q"].tolist())
    ]
    return torch.cat(rows, dim=2).transpose(1, 2).contiguous(), None


def _of_one_precision(query: Tensor, key: Tensor, *, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """All three in autocast's precision where it is on: rotary positions in float32 have widened query and key."""
    if not torch.is_autocast_enabled(query.device.type):
        return query, key, value
    narrow = torch.get_autocast_dtype(query.device.type)
    return query.to(narrow), key.to(narrow), value.to(narrow)


def _by_kernel(query: Tensor, key: Tensor, value: Tensor, options: Mapping[str, Any]) -> Tensor:  # noqa: PLR0917
    from torch.nn.attention.varlen import varlen_attn

    bounds, longest = options["cu_seq_lens_q"], options["max_length_q"]
    output: Any = varlen_attn(
        query[0].transpose(0, 1).contiguous(),
        key[0].transpose(0, 1).contiguous(),
        value[0].transpose(0, 1).contiguous(),
        bounds,
        bounds,
        longest,
        longest,
        scale=options["scaling"],
        window_size=(-1, 0),
        enable_gqa=key.shape[1] != query.shape[1],
    )
    attended: Tensor = output.unsqueeze(0)
    return attended


def _no_mask(*_: Any, **__: Any) -> None:  # noqa: ANN401 - whatever transformers passes
    """The rows' boundaries stand for it."""
