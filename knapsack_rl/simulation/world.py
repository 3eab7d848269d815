"""Latent success rates, the rollouts they produce, and how training moves them.

Shapes: ``_I`` prompts of the pool, ``_P`` prompts of a step, ``_R`` rollouts of a step, one prompt after the other.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from knapsack_rl.base.arrays import BoolArray, FloatArray, IntArray
from knapsack_rl.base.errors import InputError
from knapsack_rl.grpo import mixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How a step moves the logits of the success rates.

    A group with success share r carries the signal ``g_i = w_i sqrt(r (1 - r))``: the mean of its standardised
    advantages times its centred rewards, which is 0 for a group of equal rewards. w_i is its rollouts over the step's
    mean rollouts (as under a token-mean loss), or 1. Then

    ``logit_i += own * g_i`` for the step's prompts, and ``logit_k += shared * sum_i g_i / I`` for all I prompts.

    Example: ``Drift(own=0.0, shared=0.0)`` is a world that stands still.
    """

    own: float = 0.3
    """Logits that a prompt gains per unit of its own signal."""
    shared: float = 0.4
    """Logits that every prompt gains per pass over the pool, times the mean signal of a prompt."""
    per_rollout: bool = False
    """Whether a group teaches in proportion to its rollouts; else every group counts the same. Yes is the weight that
    a token-mean loss gives it, and assumes away what unequal counts are to be judged by."""
    edge_logit: float = 7.0
    """Rates beyond this start at it when anything moves: a rate of exactly 0 or 1 could never change."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("own", "shared"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0.0):
                raise InputError(f"drift: {name} = {getattr(self, name):g} must be a finite number, 0 or more")
        if not self.edge_logit > 0.0:
            raise InputError(f"drift: edge_logit = {self.edge_logit:g} must be above 0")

    @property
    def stands_still(self) -> bool:
        """Whether nothing ever moves."""
        return self.own == 0.0 and self.shared == 0.0


class World:
    """Prompts with latent success rates."""

    def __init__(self, rate_I: FloatArray, *, drift: Drift) -> None:
        """Start from true rates.

        Args:
            rate_I: True success rates in [0, 1].  [I]
            drift: How training moves them.
        """
        self._drift = drift
        with np.errstate(divide="ignore"):
            self._logit_I: FloatArray = logit(np.asarray(rate_I, dtype=np.float64))
        if not drift.stands_still:
            self._logit_I = np.clip(self._logit_I, -drift.edge_logit, drift.edge_logit)

    def __len__(self) -> int:
        """Number of prompts I."""
        return len(self._logit_I)

    def rate(self, index_P: IntArray | slice = slice(None)) -> FloatArray:
        """Current true success rates, of some prompts or of all; [P]."""
        return np.asarray(expit(self._logit_I[index_P]))

    def sample(self, index_P: IntArray, counts_P: IntArray, *, rng: np.random.Generator) -> BoolArray:
        """Rewards of fresh rollouts, one prompt after the other; [R]."""
        rate_R = np.repeat(self.rate(index_P), counts_P)
        return rng.random(len(rate_R)) < rate_R

    def learn(self, index_P: IntArray, counts_P: IntArray, *, successes_P: IntArray) -> None:
        """Move the rates by one step of training."""
        if self._drift.stands_still or not counts_P.any():
            return
        share_P = successes_P / np.maximum(counts_P, 1)
        signal_P = np.where(mixed(successes_P, counts_P), np.sqrt(share_P * (1.0 - share_P)), 0.0)
        if self._drift.per_rollout:
            signal_P *= counts_P / counts_P.mean()
        self._logit_I[index_P] += self._drift.own * signal_P
        self._logit_I += self._drift.shared * signal_P.sum() / len(self)
