"""Sampler against learner: how far their log-probabilities lie apart, and the correction for it.

An inference engine computes the same policy with other kernels, other precision and other batches, so a rollout is
drawn from a distribution slightly off the learner's. Shapes as in ``packing``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from knapsack_rl.learner.packing import MicroBatch

MAX_LOG_RATIO = 20.0
"""Clamp of the log-ratio before ``exp``; far above the logarithm of any useful cap."""


@dataclass(slots=True, kw_only=True)
class Mismatch:
    """Compares the two while the learner still holds the weights that sampled, that is before its first optimiser step.

    The clipped ratio always compares learner with learner, as in the release: what the sampler says of a token only
    enters the factor. With a cap, truncated importance sampling: the policy loss of a token is multiplied by
    ``min(exp(learner - sampler), cap)``, a constant for the gradient (Yao et al., "Your efficient RL framework secretly
    brings you off-policy RL training", 2025). In the release this factor is computed and lost; here it is part of the
    loss where it is asked for.
    """

    cap: float | None
    """None: no factor."""
    closed: bool = False
    """Set after the first optimiser step."""
    num_tokens: int = 0
    sum_abs: float = 0.0
    max_abs: float = 0.0
    num_capped: int = 0

    @torch.no_grad()
    def compare(self, batch: MicroBatch, logprobs_BT: Tensor) -> MicroBatch:
        """Record the difference; the batch with the learner's old log-probabilities, and with a cap the factor.

        Args:
            batch: its old log-probabilities are the sampler's. Returned as it is if the weights have moved: it was
                compared before they did.
            logprobs_BT: the learner's, by the weights that sampled.
        """
        if self.closed:
            return batch
        difference = (logprobs_BT - batch.old_logprobs_BT) * batch.response_BT
        ratio = difference.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp()
        self.num_tokens += int(batch.response_BT.sum().item())
        self.sum_abs += difference.abs().sum().item()
        self.max_abs = max(self.max_abs, difference.abs().max().item())
        batch = replace(batch, old_logprobs_BT=logprobs_BT.detach())
        if self.cap is None:
            return batch
        self.num_capped += int((ratio > self.cap).sum().item())
        return replace(batch, importance_BT=ratio.clamp(max=self.cap))


def mismatch_facts(parts: Sequence[Mismatch]) -> dict[str, float | None]:
    """Over the compared response tokens of all parts (one per process): mean, maximum, and the share that was capped.

    None where nothing was compared, or nothing could be capped.
    """
    num_tokens = sum(part.num_tokens for part in parts)
    if not num_tokens:
        return {"mismatch_mean": None, "mismatch_max": None, "mismatch_capped_frac": None}
    capped = None if parts[0].cap is None else sum(part.num_capped for part in parts) / num_tokens
    return {
        "mismatch_mean": sum(part.sum_abs for part in parts) / num_tokens,
        "mismatch_max": max(part.max_abs for part in parts),
        "mismatch_capped_frac": capped,
    }
