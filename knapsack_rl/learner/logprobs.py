"""Log-probabilities over a large vocabulary without ever holding all logits.

Shapes: ``N`` tokens, ``D`` hidden units, ``V`` vocabulary.
"""

from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import linear
from torch.utils.checkpoint import checkpoint


def chunked_logprobs(
    hidden_ND: Tensor,
    head_VD: Tensor,
    *,
    targets_N: Tensor,
    temperature: float,
    max_logits: int,
    entropy_gradient: bool = True,
) -> tuple[Tensor, Tensor]:
    """Log-probability of each target and entropy of its distribution, with gradients; at most ``max_logits`` at once.

    The same numbers as over all logits. Each chunk of tokens is computed again in the backward pass, so that neither
    its logits nor its probabilities outlive it.

    Args:
        hidden_ND: what the head is applied to.
        head_VD: weight of the head.
        targets_N: the tokens that were drawn.
        temperature: logits are divided by it.
        max_logits: chunks have ``max_logits // V`` tokens, at least one.
        entropy_gradient: the entropy is part of the loss. If it is not, say so: what a checkpoint computes again for a
            branch that is never passed through backwards is kept until the last chunk is done.

    Returns:
        Log-probabilities and entropies (nats), float32 or wider.  [N], [N]
    """
    size = max(1, max_logits // head_VD.shape[0])
    score = partial(_score_chunk, temperature=temperature, entropy_gradient=entropy_gradient)
    parts = [
        checkpoint(
            score, hidden_ND[start : start + size], head_VD, targets_N[start : start + size], use_reentrant=False
        )
        for start in range(0, len(targets_N), size)
    ]
    return torch.cat([logprobs for logprobs, _ in parts]), torch.cat([entropy for _, entropy in parts])


def _score_chunk(  # noqa: PLR0917 - called by checkpoint
    hidden_ND: Tensor, head_VD: Tensor, targets_N: Tensor, *, temperature: float, entropy_gradient: bool
) -> tuple[Tensor, Tensor]:
    log_distribution = score_dtype(linear(hidden_ND, head_VD)).div(temperature).log_softmax(-1)
    chosen = log_distribution.gather(-1, targets_N.unsqueeze(-1)).squeeze(-1)
    with torch.set_grad_enabled(entropy_gradient and torch.is_grad_enabled()):
        return chosen, -(log_distribution.exp() * log_distribution).sum(-1)


def score_dtype(logits: Tensor) -> Tensor:
    """Half precision is too coarse for a softmax; double stays double."""
    return logits if logits.dtype is torch.float64 else logits.float()
