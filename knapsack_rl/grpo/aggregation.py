"""Loss aggregation: which weight a response token has in the loss of one optimiser step.

With unequal group sizes this is a second, hidden allocation: under ``token`` a prompt's weight grows with its rollouts.
DEVIATION: the released code takes the token mean of each micro-batch and weights it by its share of sequences, which
depends on how rollouts are packed; here the mean is over all tokens of the optimiser step.
Weights are computed before zero-advantage rollouts are dropped, so the denominators count every token of the
mini-batch, over all micro-batches.
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from knapsack_rl.base.arrays import FloatArray

Aggregation = Literal["token", "prompt", "sequence"]
AGGREGATIONS: tuple[str, ...] = get_args(Aggregation)


def token_weights(num_tokens_R: ArrayLike, prompt_R: ArrayLike, *, aggregation: Aggregation) -> FloatArray:
    """Weight of each response token of every rollout of one mini-batch; one number per rollout.

    ``loss = sum_r w_r sum_t loss_rt``, and the weights of all tokens sum to one:

    * ``token``: ``1 / sum of tokens`` (DAPO, arXiv 2503.14476 Eq. 8);
    * ``sequence``: ``1 / (R * tokens of r)`` (GRPO, arXiv 2402.03300 Eq. 3);
    * ``prompt``: ``1 / (prompts in the mini-batch * tokens of r's prompt in it)``.

    Args:
        num_tokens_R: response tokens per rollout, at least 1 each; all rollouts of the mini-batch, dropped ones too.
        prompt_R: index of each rollout's prompt.
        aggregation: which of the three.

    Raises:
        ValueError: unknown aggregation.
    """
    tokens = np.asarray(num_tokens_R, dtype=np.float64)
    if tokens.size == 0:
        return np.zeros(0)
    if aggregation == "token":
        return np.full(tokens.shape, 1.0 / tokens.sum())
    if aggregation == "sequence":
        return 1.0 / (tokens.size * tokens)
    if aggregation == "prompt":
        _, inverse = np.unique(np.asarray(prompt_R), return_inverse=True)
        per_prompt = np.bincount(inverse, weights=tokens)
        return np.asarray(1.0 / (per_prompt.size * per_prompt[inverse]))
    raise ValueError(f"unknown loss aggregation {aggregation!r}; use one of {', '.join(AGGREGATIONS)}")
