"""Theorem 1 of Knapsack RL: how many rollouts a prompt needs until its group holds both outcomes."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from knapsack_rl.allocation.value import p_nonzero_gradient
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.seeding import derive_seed

CURVE_RATES = (0.01, 0.02, *(step / 20 for step in range(1, 20)), 0.98, 0.99)
"""Success rates at which the theorem is drawn."""

ALPHA = 0.9
"""Probability of a non-zero gradient that the theorem's table asks for."""


def expected_first(p: npt.ArrayLike) -> FloatArray:
    """Mean rollouts until both outcomes have occurred: ``1/p + 1/(1-p) - 1``; infinite at 0 and 1.

    Source: arXiv 2509.25849v1, Theorem 1. The least is 3, at p = 1/2.
    """
    p_ = np.asarray(p, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(1.0 / p_ + 1.0 / (1.0 - p_) - 1.0)


def necessary_rollouts(p: npt.ArrayLike, *, alpha: float = ALPHA) -> FloatArray:
    """Lower bound on the rollouts for a non-zero gradient with probability alpha: ``ln(1-alpha) / ln(max(p, 1-p))``.

    Source: arXiv 2509.25849v1, Theorem 1. It ignores the rarer way to fail, so it is necessary and not sufficient.

    Args:
        p: Success rates strictly between 0 and 1, any shape.
        alpha: Wanted probability, strictly between 0 and 1.
    """
    p_ = np.asarray(p, dtype=np.float64)
    return np.asarray(np.log1p(-alpha) / np.log1p(-np.minimum(p_, 1.0 - p_)))


def sufficient_rollouts(p: npt.ArrayLike, *, alpha: float = ALPHA) -> IntArray:
    """Fewest rollouts that reach a non-zero gradient with probability alpha, exactly; arguments as above."""
    p_ = np.asarray(p, dtype=np.float64)
    found = np.maximum(np.ceil(necessary_rollouts(p_, alpha=alpha)), 2.0)
    while (short := p_nonzero_gradient(found, p_) < alpha).any():  # the bound falls short by a few rollouts at most
        found = found + short
    return np.asarray(found, dtype=np.int64)


def simulate_first(p: float, *, num_trials: int, rng: np.random.Generator) -> IntArray:
    """Rollouts until both outcomes have occurred, in independent trials.

    The first rollout succeeds with probability p; then the other outcome is waited for.

    Args:
        p: Success rate strictly between 0 and 1.
        num_trials: Number of trials.
        rng: Source of the rollouts.

    Returns:
        Rollouts of each trial, at least 2.  [num_trials]
    """
    won = rng.random(num_trials) < p
    return np.asarray(1 + rng.geometric(np.where(won, 1.0 - p, p)), dtype=np.int64)


def theorem_rows(rates: Sequence[float], *, num_trials: int = 20_000, seed: int = 0) -> list[dict[str, float]]:
    """The theorem against simulation, one row per success rate.

    Columns: ``p``, ``expected_first``, ``simulated_first`` with its standard error, ``necessary``, ``sufficient``
    (both for alpha = 0.9), and ``share_at_necessary``, ``share_at_sufficient``: trials that had both outcomes by
    the next whole number of rollouts; ``num_trials``.
    """
    rows = []
    for p in rates:
        first = simulate_first(p, num_trials=num_trials, rng=np.random.default_rng(derive_seed(seed, "first", p)))
        necessary, sufficient = float(necessary_rollouts(p)), int(sufficient_rollouts(p))
        rows.append(
            {
                "p": p,
                "num_trials": num_trials,
                "expected_first": float(expected_first(p)),
                "simulated_first": float(first.mean()),
                "simulated_first_se": float(first.std(ddof=1) / np.sqrt(num_trials)),
                "necessary": necessary,
                "sufficient": sufficient,
                "share_at_necessary": float((first <= np.ceil(necessary)).mean()),
                "share_at_sufficient": float((first <= sufficient).mean()),
            }
        )
    return rows
