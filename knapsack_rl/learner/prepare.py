"""From configuration to a model that can be updated, and from rows to this rank's micro-batches."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from transformers import PreTrainedModel

from knapsack_rl.base.ranks import Ranks
from knapsack_rl.config import LearnerConfig
from knapsack_rl.learner.packing import MicroBatch, pack, pad, plan, row_length, share
from knapsack_rl.learner.protocol import TrainingRow
from knapsack_rl.learner.ranks import shard
from knapsack_rl.learner.scorer import ScoreOptions, Scorer


def prepare_model(model: PreTrainedModel, config: LearnerConfig) -> None:
    """Switch dropout off for good and gradient checkpointing on, if configured; in place."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        elif hasattr(module, "attention_dropout"):
            module.attention_dropout = 0.0
    model.eval()
    if config.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.train()  # transformers checkpoints in training mode only


def wrap_model(model: PreTrainedModel, config: LearnerConfig, *, temperature: float, ranks: Ranks) -> Scorer:
    """The model with its scoring, sharded if there are several ranks."""
    sharded = ranks.size > 1
    half = config.dtype == "bfloat16"
    options = ScoreOptions(
        temperature=temperature,
        max_logits=config.max_logits,
        packing=config.packing,
        autocast=half and config.weights_dtype == "float32" and not sharded,
    )
    scorer = Scorer(model, options)
    if sharded:
        shard(scorer, device=model.device, half=half)
    return scorer


def micro_batches(
    rows: Sequence[TrainingRow], *, max_tokens: int, packing: str, device: torch.device, ranks: Ranks
) -> Iterator[MicroBatch]:
    """This rank's share of the rows of a mini-batch.

    Every rank goes through the model equally often, because the others wait for its part of the weights: one that has
    fewer rows pushes a row through whose weight is zero.
    """
    plans = [plan(dealt, max_tokens=max_tokens, packing=packing) for dealt in deal_rows(rows, ranks.size)]
    make = {"padded": pad, "packed": pack, "shared": share}[packing]
    for batch in plans[ranks.rank]:
        yield make(batch, device=device)
    for _ in range(max(map(len, plans)) - len(plans[ranks.rank])):
        yield replace(make([replace(min(rows, key=row_length), weight=0.0)], device=device), is_filler=True)


def deal_rows(rows: Sequence[TrainingRow], num_ranks: int) -> list[list[TrainingRow]]:
    """Rows of each rank: longest first, each to the rank with the fewest tokens so far."""
    if num_ranks == 1:
        return [list(rows)]
    shares: list[list[TrainingRow]] = [[] for _ in range(num_ranks)]
    tokens = [0] * num_ranks
    for row in sorted(rows, key=row_length, reverse=True):
        rank = tokens.index(min(tokens))
        shares[rank].append(row)
        tokens[rank] += row_length(row)
    return shares
