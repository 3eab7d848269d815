"""The moving value of CoBA-RL: where on the difficulty scale a rollout counts depends on how often the model fails."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import betaln

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.strategy import Outcome, Strategy
from knapsack_rl.base.arrays import FloatArray, IntArray

VARIANCE_SCALE = 0.1667
"""Variance of the success rates from which on the saturation constant is largest."""


def density_parameters(failures: Sequence[float], *, kappa: float) -> tuple[float, float]:
    """Parameters (alpha, kappa - alpha) of the Beta density over success rates.

    With F the mean failure rate of the window, ``F' = F`` if F > 1/2, else ``1 / (1 + exp(-10 (F - 1/2)))``, and
    ``alpha = 1 + (kappa - 2) F'``. The mode of the density is F': a model that fails often is sent to easy prompts.
    Before the first outcome alpha is kappa - 2.

    Args:
        failures: Failure rates of the newest steps, each in [0, 1].
        kappa: Sum of both parameters, above 2.
    """
    if not failures:
        return kappa - 2.0, 2.0
    failure = sum(failures) / len(failures)
    shifted = failure if failure > 0.5 else 1.0 / (1.0 + math.exp(-10.0 * (failure - 0.5)))  # noqa: PLR2004 - one half
    alpha = min(max(1.0 + (kappa - 2.0) * shifted, 1.0), kappa - 1.0)
    return alpha, kappa - alpha


def saturation(p_P: FloatArray) -> float:
    """The constant tau of the value, ``3 + 9 min(1, Var(p) / 0.1667)``, with rates clipped to [.01, .99].

    Source: released code of arXiv 2602.03048; the paper gives none. 3 without prompts.
    """
    spread = float(np.var(np.clip(p_P, 0.01, 0.99))) if len(p_P) else 0.0
    return 3.0 + 9.0 * min(1.0, spread / VARIANCE_SCALE)


def coba_increment(num_rollouts_M: IntArray, p_M: FloatArray, *, alpha: float, beta: float, tau: float) -> FloatArray:
    """Gain of rollout N + 1 for the value ``(1 - exp(-N pq / tau)) f(p)`` with f the Beta(alpha, beta) density.

    ``f(p) exp(-N pq / tau) (1 - exp(-pq / tau))``, geometric in N, so greedy is exact for N >= 0. At p in {0, 1} it
    is 0. Source: arXiv 2602.03048v3.

    Args:
        num_rollouts_M: N >= 0.  [M]
        p_M: Success rates in [0, 1].  [M]
        alpha: First parameter of the density, at least 1.
        beta: Second parameter, at least 1.
        tau: Saturation constant, above 0.
    """
    q_M = 1.0 - p_M
    density_M = p_M ** (alpha - 1.0) * q_M ** (beta - 1.0) / math.exp(betaln(alpha, beta))
    rate_M = p_M * q_M / tau
    return np.asarray(density_M * np.exp(-num_rollouts_M * rate_M) * -np.expm1(-rate_M))


@dataclass(frozen=True, slots=True, kw_only=True)
class Coba(Strategy):
    """Options and memory of both forms of CoBA-RL: the failure rates of the newest ``window`` steps are the state."""

    kappa: float = 11.0
    """Sum of the density's parameters; larger is narrower (published script; the released class defaults to 7)."""
    window: int = 1
    """Steps whose failure rate is averaged (published script; the released class defaults to 3)."""

    def __post_init__(self) -> None:
        """Check the options."""
        check_above("kappa", self.kappa, least=2, strategy=self.name)
        check_above("window", self.window, least=0, strategy=self.name)

    def observe(self, outcome: Outcome, *, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The state with this step's failure rate added: 1 - the mean over prompts of successes / draws.

        Prompts without rollouts are left out; a step without any changes nothing.
        """
        drawn_P = outcome.draws_P > 0
        if not drawn_P.any():
            return state
        failure = 1.0 - float((outcome.successes_P[drawn_P] / outcome.draws_P[drawn_P]).mean())
        return {**state, "failures": [*state.get("failures", []), failure][-self.window :]}
