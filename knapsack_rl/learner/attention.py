"""Attention over rows laid end to end, or sharing prompts: each row sees itself alone, no [T, T] mask is ever made."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel


def use_packed_attention(model: PreTrainedModel) -> None:
    """Let ``model`` attend within rows; its forward pass then needs ``cu_seq_lens_q`` and ``max_length_q``."""
    _use(model, packed_attention)


def use_shared_attention(model: PreTrainedModel) -> None:
    """Let ``model`` attend within rows that share prompts; its forward pass then needs ``of_BT`` and ``at_U``."""
    _use(model, shared_attention)


def _use(model: PreTrainedModel, attention: Callable[..., tuple[Tensor, None]]) -> None:
    name = f"knapsack_rl_{attention.__name__}"
    AttentionInterface.register(name, attention)
    AttentionMaskInterface.register(name, _no_mask)
    model.set_attn_implementation(name)


def shared_attention(  # noqa: PLR0917 - transformers calls it
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    *arguments: Any,  # noqa: ANN401 - the signature is transformers'
    **options: Any,  # noqa: ANN401
) -> tuple[Tensor, None]:
    """Causal attention inside each row, where rows that begin with the same prompt share its positions.

    Distinct positions are spread over padded rows, attended to as such, and gathered again: attention alone sees a
    prompt as often as it has rollouts.

    Args:
        module: the attention layer.
        query: [1, heads, U, head size]
        key: [1, key-value heads, U, head size]
        arguments: the value, shaped as the key, and a mask that is ignored.
        options: ``scaling``; ``of_BT`` and ``at_U`` of ``packing.Sharing``.

    Returns:
        [1, U, heads, head size], and None for the attention weights.
    """
    del module
    of_BT, at_U = options["of_BT"], options["at_U"]
    query, key, value = (
        each[0].transpose(0, 1).flatten(1).index_select(0, of_BT.flatten()).view(*of_BT.shape, *each.shape[1::2])
        for each in _of_one_precision(query, key, value=arguments[0])
    )
    attended = scaled_dot_product_attention(
        query.transpose(1, 2),
        key.transpose(1, 2),
        value.transpose(1, 2),
        is_causal=True,
        scale=options["scaling"],
        enable_gqa=key.shape[2] != query.shape[2],
    ).transpose(1, 2)
    distinct = attended.flatten(2).flatten(0, 1).index_select(0, at_U)
    return distinct.view(1, len(at_U), *query.shape[2:]), None


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
