"""Rows of unequal length become micro-batches. The weights travel with the rows, so packing changes no gradient.

Shapes: ``B`` rows of a micro-batch, ``T`` token positions, ``U`` distinct ones. Padded: one rollout per row, padded on
the right. Packed: ``B`` = 1, all rollouts end to end. Shared: padded, but a prompt goes through the model once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from knapsack_rl.learner.protocol import TrainingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Which positions of padded rows, all but the last, are one: those of a prompt that several rows begin with."""

    of_BT: Tensor
    """The distinct position that each one is; 0 beyond the end.  [B, T - 1]"""
    at_U: Tensor
    """Where, in the flattened rows, each distinct position is first.  [U]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroBatch:
    """Padded on the right: with causal attention no real token sees padding, so no attention mask is needed."""

    ids_BT: Tensor
    """Prompt and response tokens, 0 beyond the end.  [B, T]"""
    response_BT: Tensor
    """1.0 where the token belongs to a response.  [B, T]"""
    old_logprobs_BT: Tensor
    """At response positions; elsewhere of no account.  [B, T]"""
    advantages: Tensor
    """[B, 1], packed [1, T]"""
    weights: Tensor
    """Weight of each response token in the loss.  [B, 1], packed [1, T]"""
    importance_BT: Tensor | None = None
    """Factor of each token's policy loss, a constant; None: 1.  [B, T]"""
    lengths: tuple[int, ...] = ()
    """Packed: tokens of each row; empty if padded."""
    sharing: Sharing | None = None
    """Shared: what the model is run on; None if padded or packed."""
    is_filler: bool = False
    """Carries no loss and is not counted; it keeps ranks in step."""


def plan(rows: Sequence[TrainingRow], *, max_tokens: int, packing: str = "padded") -> list[list[TrainingRow]]:
    """Rows of each micro-batch, longest rows first; at most ``max_tokens`` tokens each, padding included.

    A longer single row stands alone. Sorting by length keeps padding small; it does not change the gradient, which is
    a sum over rows. Rows that share their prompt stay together, the groups sorted by their longest row.
    """
    batches: list[list[TrainingRow]] = []
    widest = used = 0
    for row in _by_group(rows) if packing == "shared" else sorted(rows, key=row_length, reverse=True):
        length = row_length(row)
        widest = max(widest, length)
        used = used + length if packing == "packed" else widest * (len(batches[-1]) + 1 if batches else 1)
        if not batches or used > max_tokens:
            batches.append([])
            widest = used = length
        batches[-1].append(row)
    return batches


def _by_group(rows: Sequence[TrainingRow]) -> list[TrainingRow]:
    groups: dict[tuple[int, ...], list[TrainingRow]] = {}
    for row in sorted(rows, key=row_length, reverse=True):
        groups.setdefault(tuple(row.prompt_tokens), []).append(row)
    return [row for group in groups.values() for row in group]


def row_length(row: TrainingRow) -> int:
    """Prompt and response tokens of a row."""
    return len(row.prompt_tokens) + len(row.response_tokens)


def pad(rows: Sequence[TrainingRow], *, device: torch.device) -> MicroBatch:
    """One row of the batch per rollout."""
    shape = (len(rows), max(map(row_length, rows)))
    ids = torch.zeros(shape, dtype=torch.long)
    response, old = torch.zeros(shape), torch.zeros(shape)
    for index, row in enumerate(rows):
        begin, end = len(row.prompt_tokens), row_length(row)
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


def pack(rows: Sequence[TrainingRow], *, device: torch.device) -> MicroBatch:
    """All rollouts end to end in one row of the batch: no padding."""
    lengths = tuple(row_length(row) for row in rows)

    def spread(values: Sequence[float]) -> Tensor:
        return (
            torch.tensor([list(values)], dtype=torch.float32).repeat_interleave(torch.tensor(lengths), dim=1).to(device)
        )

    return MicroBatch(
        ids_BT=torch.tensor([[t for row in rows for t in row.prompt_tokens + row.response_tokens]], device=device),
        response_BT=torch.tensor(
            [[flag for row in rows for flag in [0.0] * len(row.prompt_tokens) + [1.0] * len(row.response_tokens)]],
            device=device,
        ),
        old_logprobs_BT=torch.tensor(
            [[value for row in rows for value in (0.0,) * len(row.prompt_tokens) + row.old_logprobs]],
            dtype=torch.float32,
            device=device,
        ),
        advantages=spread([row.advantage for row in rows]),
        weights=spread([row.weight for row in rows]),
        lengths=lengths,
    )


def share(rows: Sequence[TrainingRow], *, device: torch.device) -> MicroBatch:
    """Padded rows, and what distinct positions they have: a prompt's, once, and those of each response."""
    batch = pad(rows, device=device)
    width = batch.ids_BT.shape[1] - 1  # the last token predicts nothing
    prompts: dict[tuple[int, ...], Tensor] = {}
    of_BT, at = torch.zeros((len(rows), width), dtype=torch.long), []
    num_distinct = 0
    for index, row in enumerate(rows):
        begin, end, prompt = len(row.prompt_tokens), row_length(row) - 1, tuple(row.prompt_tokens)
        new = torch.arange(begin if prompt in prompts else 0, end)
        of_BT[index, new] = torch.arange(num_distinct, num_distinct + len(new))
        of_BT[index, :begin] = prompts.setdefault(prompt, of_BT[index, :begin])
        at.append(index * width + new)
        num_distinct += len(new)
    return replace(batch, sharing=Sharing(of_BT=of_BT.to(device), at_U=torch.cat(at).to(device)))
