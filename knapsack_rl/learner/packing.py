"""Rows of unequal length become padded micro-batches. The weights travel with the rows, so packing changes no gradient.

Shapes: ``B`` rows of a micro-batch, ``T`` token positions (prompt and response, padded on the right).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from knapsack_rl.learner.protocol import TrainingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroBatch:
    """Padded on the right: with causal attention no real token sees padding, so no attention mask is needed."""

    ids_BT: Tensor
    """Prompt and response tokens, 0 beyond the end.  [B, T]"""
    response_BT: Tensor
    """1.0 where the token belongs to a response.  [B, T]"""
    old_logprobs_BT: Tensor
    """At response positions; 0 elsewhere.  [B, T]"""
    advantages: Tensor
    """[B, 1]"""
    weights: Tensor
    """Weight of each response token in the loss.  [B, 1]"""


def micro_batches(rows: Sequence[TrainingRow], *, max_tokens: int, device: torch.device) -> Iterator[MicroBatch]:
    """Micro-batches of at most ``max_tokens`` padded tokens (a longer single row stands alone), longest rows first.

    Sorting by length keeps padding small; it does not change the gradient, which is a sum over rows.
    """
    ordered = sorted(rows, key=_length, reverse=True)
    start = 0
    while start < len(ordered):
        count = max(1, max_tokens // _length(ordered[start]))
        yield _pack(ordered[start : start + count], device)
        start += count


def _length(row: TrainingRow) -> int:
    return len(row.prompt_tokens) + len(row.response_tokens)


def _pack(rows: Sequence[TrainingRow], device: torch.device) -> MicroBatch:
    shape = (len(rows), _length(rows[0]))
    ids = torch.zeros(shape, dtype=torch.long)
    response, old = torch.zeros(shape), torch.zeros(shape)
    for index, row in enumerate(rows):
        begin, end = len(row.prompt_tokens), _length(row)
        ids[index, :end] = torch.tensor(row.prompt_tokens + row.response_tokens)
        response[index, begin:end] = 1.0
        old[index, begin:end] = torch.tensor(row.old_logprobs)
    return MicroBatch(
        ids_BT=ids.to(device),
        response_BT=response.to(device),
        old_logprobs_BT=old.to(device),
        advantages=torch.tensor([[row.advantage] for row in rows], dtype=torch.float32, device=device),
        weights=torch.tensor([[row.weight] for row in rows], dtype=torch.float32, device=device),
    )
