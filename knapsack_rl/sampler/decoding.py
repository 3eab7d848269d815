"""The decoding loop over a key-value cache. Shapes: ``B`` rows still running, ``S`` cache positions, ``V`` tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import PreTrainedModel
from transformers.cache_utils import Cache

COMPACT_BELOW = 0.9
"""Finished rows are dropped from the cache when fewer than this share of its rows still run."""


@dataclass(slots=True)
class Batch:
    """A prefilled batch."""

    cache: Cache
    """Keys and values of the prompt, one row per rollout."""
    mask_BS: Tensor
    """1 where the cache holds a token, 0 where it holds padding.  [B, S]"""
    logits_BV: Tensor
    """Logits of the next token.  [B, V]"""


def decode(
    model: PreTrainedModel, batch: Batch, *, noise_BT: Tensor, temperature: float, stop_tokens: Sequence[int]
) -> tuple[list[list[int]], list[list[float]]]:
    """Sample until every row has stopped or ``T`` tokens are written.

    Each token is the inverse of the cumulative distribution at the row's uniform number, so a row's tokens are a
    function of its own noise and logits.

    Args:
        model: causal language model.
        batch: prefilled cache and next-token logits; consumed.
        noise_BT: uniform numbers in [0, 1), one per row and position; T is the length limit.
        temperature: logits are divided by it.
        stop_tokens: each ends a row; it is part of the row's tokens.

    Returns:
        Tokens and their log-probabilities per row, in the batch's row order.
    """
    num_rows, limit = noise_BT.shape
    stops_K = torch.tensor(stop_tokens, device=noise_BT.device)
    tokens: list[list[int]] = [[] for _ in range(num_rows)]
    logprobs: list[list[float]] = [[] for _ in range(num_rows)]
    rows_B = torch.arange(num_rows, device=noise_BT.device)  # which row of the result a running row is
    running_B = torch.ones(num_rows, dtype=torch.bool, device=noise_BT.device)
    for position in range(limit):
        next_B, logprob_B = sample(batch.logits_BV, noise_BT[rows_B, position], temperature=temperature)
        written = zip(rows_B.tolist(), running_B.tolist(), next_B.tolist(), logprob_B.tolist(), strict=True)
        for row, running, token, logprob in written:
            if running:
                tokens[row].append(token)
                logprobs[row].append(logprob)
        running_B = running_B & ~torch.isin(next_B, stops_K)
        if position + 1 == limit or not running_B.any():
            break
        if running_B.float().mean() < COMPACT_BELOW:
            rows_B, next_B = _compact(batch, running_B, rows_B=rows_B, next_B=next_B)
            running_B = torch.ones_like(rows_B, dtype=torch.bool)
        _advance(model, batch, next_B=next_B)
    return tokens, logprobs


def sample(logits_BV: Tensor, noise_B: Tensor, *, temperature: float) -> tuple[Tensor, Tensor]:
    """Per row a token by inverse transform sampling, and its log-probability (float32)."""
    logprobs_BV = (logits_BV.float() / temperature).log_softmax(-1)
    cumulative_BV = logprobs_BV.double().exp().cumsum(-1)
    target = (noise_B.double() * cumulative_BV[:, -1]).unsqueeze(-1)
    chosen = torch.searchsorted(cumulative_BV, target, right=True).clamp(max=logits_BV.shape[-1] - 1)
    return chosen.squeeze(-1), logprobs_BV.gather(-1, chosen).squeeze(-1)


def _compact(batch: Batch, running_B: Tensor, *, rows_B: Tensor, next_B: Tensor) -> tuple[Tensor, Tensor]:
    keep = running_B.nonzero().squeeze(-1)
    batch.cache.batch_select_indices(keep)
    batch.mask_BS = batch.mask_BS[keep]
    return rows_B[keep], next_B[keep]


def _advance(model: PreTrainedModel, batch: Batch, *, next_B: Tensor) -> None:
    one = torch.ones_like(batch.mask_BS[:, :1])
    batch.mask_BS = torch.cat([batch.mask_BS, one], dim=1)
    positions = batch.mask_BS.sum(dim=1, keepdim=True) - 1
    spare = batch.cache.get_mask_sizes(1, 0)[0] - batch.mask_BS.shape[1]
    output = model(
        next_B.unsqueeze(-1),
        attention_mask=pad(batch.mask_BS, (0, spare)),
        position_ids=positions,
        past_key_values=batch.cache,
        use_cache=True,
    )
    batch.logits_BV = output.logits[:, -1]
