"""The clipped policy-gradient loss, token by token. Shapes as in ``packing``."""

from dataclasses import dataclass

import torch
from torch import Tensor

from knapsack_rl.config import LossConfig
from knapsack_rl.learner.packing import MicroBatch

MAX_LOG_RATIO = 20.0
"""The log-ratio is clamped to this before ``exp``, which would overflow float32 near 88."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLoss:
    """Loss of a micro-batch and sums (not means) of what is reported."""

    loss: Tensor
    """Scalar: weighted sum over response tokens; add up over micro-batches."""
    num_clipped: Tensor
    """Response tokens whose ratio was clipped."""
    sum_old_minus_new: Tensor
    """Sum over response tokens of old minus new log-probability."""
    sum_entropy: Tensor
    """Sum over response tokens of the entropy, nats."""


def token_loss(
    logprobs_BT: Tensor,
    entropy_BT: Tensor,
    *,
    reference_BT: Tensor | None,
    batch: MicroBatch,
    options: LossConfig,
) -> TokenLoss:
    """Clipped surrogate with asymmetric clips and a dual clip, plus optional KL penalty and entropy bonus.

    ``l_t = -min(r_t A, clip(r_t, 1-low, 1+high) A)`` with ``r_t = exp(new - old)``; for ``A < 0`` at most
    ``dual_clip * |A|`` (arXiv 1912.09729); clip-higher from arXiv 2503.14476 Eq. 8. The KL term is
    ``exp(d) - d - 1`` with ``d = reference - new`` (GRPO, arXiv 2402.03300 Eq. 4). The sum over response tokens is
    weighted by ``batch.weights``, whose denominators cover the whole optimiser step. ``batch.importance_BT``, if
    there is one, multiplies the surrogate, not the penalties.

    Args:
        logprobs_BT: log-probability of each token under the policy being updated.
        entropy_BT: entropy of the distribution that token was drawn from.
        reference_BT: log-probabilities under the base model; None if ``kl_coef`` is 0.
        batch: the micro-batch.
        options: clips and coefficients.
    """
    log_ratio = (logprobs_BT - batch.old_logprobs_BT).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO) * batch.response_BT
    ratio = log_ratio.exp()
    clipped = ratio.clamp(1 - options.clip_low, 1 + options.clip_high)
    surrogate = torch.minimum(ratio * batch.advantages, clipped * batch.advantages)
    floor = options.dual_clip * batch.advantages
    per_token = -torch.where(batch.advantages < 0, torch.maximum(surrogate, floor), surrogate)
    if batch.importance_BT is not None:
        per_token = per_token * batch.importance_BT
    if reference_BT is not None:
        difference = (reference_BT - logprobs_BT) * batch.response_BT
        difference = difference.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO)
        per_token = per_token + options.kl_coef * (difference.exp() - difference - 1)
    per_token = per_token - options.entropy_coef * entropy_BT
    weight_BT = batch.weights * batch.response_BT
    with torch.no_grad():
        hit = (clipped * batch.advantages < ratio * batch.advantages) & (batch.response_BT > 0)
    return TokenLoss(
        loss=(per_token * weight_BT).sum(),
        num_clipped=hit.sum(),
        sum_old_minus_new=-log_ratio.detach().sum(),
        sum_entropy=(entropy_BT.detach() * batch.response_BT).sum(),
    )
