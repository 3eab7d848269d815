"""What a simulated prompt looks like from outside: a feature that hints at its success rate, and what a rollout costs.

Shapes: ``_I`` prompts of the pool.
"""

import numpy as np

from knapsack_rl.base.arrays import FloatArray

FEATURE_NOISE = 1.5
"""Standard deviation, in logits, of what a prompt's feature says about its first success rate."""

MEAN_TOKENS, TOKENS_PER_LOGIT, TOKEN_NOISE = 400.0, 0.1, 0.3
"""Tokens of a rollout at rate 1/2; the share by which one logit less lengthens it; standard deviation of its log."""

_MAX_LOGIT = 7.0


def draw_features(rate_I: FloatArray, *, rng: np.random.Generator) -> FloatArray:
    """One number per prompt: the logit of its rate, within +-7, plus noise; [I]."""
    return _first_logit(rate_I) + rng.normal(scale=FEATURE_NOISE, size=len(rate_I))


def draw_costs(rate_I: FloatArray, *, rng: np.random.Generator) -> FloatArray:
    """Expected tokens of one rollout of each prompt: longer where the rate is low, and log-normal around that; [I]."""
    noise_I = rng.normal(scale=TOKEN_NOISE, size=len(rate_I))
    return np.asarray(MEAN_TOKENS * np.exp(noise_I - TOKENS_PER_LOGIT * _first_logit(rate_I)))


def _first_logit(rate_I: FloatArray) -> FloatArray:
    """Logits of the rates, within +-7; [I]."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.clip(np.log(rate_I) - np.log1p(-rate_I), -_MAX_LOGIT, _MAX_LOGIT))
