"""Means of values under a Beta posterior, and the posterior behind a belief. Shapes: ``_P`` prompts."""

import numpy as np
import numpy.typing as npt
from scipy.special import betaln

from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.base.errors import AllocationError
from knapsack_rl.beliefs.arrays import BeliefArrays


def posterior_of(beliefs: BeliefArrays, *, strategy: str) -> tuple[FloatArray, FloatArray]:
    """Beta parameters of each belief; points and unknowns are counts on top of a Beta(1, 1) prior.

    Args:
        beliefs: What is known.  [P]
        strategy: Who asks, for the message.

    Returns:
        Pseudo-successes and pseudo-failures.  [P], [P]

    Raises:
        AllocationError: A belief is a bare rate with no number of draws behind it.
    """
    a_P = np.where(np.isnan(beliefs.a_P), 1.0 + beliefs.successes_P, beliefs.a_P)
    b_P = np.where(np.isnan(beliefs.b_P), 1.0 + beliefs.draws_P - beliefs.successes_P, beliefs.b_P)
    if np.isnan(a_P).any():
        where = int(np.isnan(a_P).argmax())
        raise AllocationError(
            f"{strategy}: belief {where} is the bare rate {beliefs.rate_P[where]:g}; give successes and draws, "
            "e.g. Point or Beta records, or BeliefArrays.from_rates(..., draws=16)"
        )
    return a_P, b_P


def expected_product_increment(
    num_rollouts: npt.ArrayLike, *, a: npt.ArrayLike, b: npt.ArrayLike, powers: tuple[int, int]
) -> FloatArray:
    """Mean gain of rollout N + 1 for the value ``(1 - p^N - q^N) p^x q^y`` and p ~ Beta(a, b).

    ``[B(a+x+N, b+y+1) + B(a+x+1, b+y+N)] / B(a, b)`` for N >= 1 and 0 for N = 0, with the Beta function B in logs.
    Non-increasing in N from N = 1 on. Powers (1, 2) are the value of arXiv 2509.25849v1.

    Args:
        num_rollouts: N >= 0, any shape.
        a: Pseudo-successes > 0, any shape.
        b: Pseudo-failures > 0, any shape.
        powers: x and y.
    """
    n, a_, b_ = (np.asarray(value, dtype=np.float64) for value in (num_rollouts, a, b))
    log_norm = betaln(a_, b_)
    a_x, b_y = a_ + powers[0], b_ + powers[1]
    gain = np.exp(betaln(a_x + n, b_y + 1.0) - log_norm) + np.exp(betaln(a_x + 1.0, b_y + n) - log_norm)
    return np.where(n >= 1.0, gain, 0.0)


def expected_hit_increment(num_rollouts: npt.ArrayLike, *, a: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Mean gain of rollout N + 1 for the value ``1 - q^N`` and p ~ Beta(a, b): ``B(a+1, b+N) / B(a, b)``, N >= 0.

    Source: arXiv 2605.07114 (HORA), hit utility ``1 - B(a, b+N) / B(a, b)``.

    Args:
        num_rollouts: N >= 0, any shape.
        a: Pseudo-successes > 0, any shape.
        b: Pseudo-failures > 0, any shape.
    """
    n, a_, b_ = (np.asarray(value, dtype=np.float64) for value in (num_rollouts, a, b))
    return np.asarray(np.exp(betaln(a_ + 1.0, b_ + n) - betaln(a_, b_)))
