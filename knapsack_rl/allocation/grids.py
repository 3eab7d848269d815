"""The value function and its first factor on a grid, for the pictures of both."""

from collections.abc import Sequence

import numpy as np

from knapsack_rl.allocation.value import knapsack_value, p_nonzero_gradient

RATES = tuple(np.round(np.linspace(0.005, 0.995, 199), 3).tolist())
"""Success rates of the grid."""

ROLLOUTS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128)
"""Numbers of rollouts of the grid."""


def value_rows(rates: Sequence[float] = RATES, rollouts: Sequence[int] = ROLLOUTS) -> list[dict[str, float]]:
    """``p, num_rollouts, p_nonzero_gradient, value`` at every point: ``1 - p^N - q^N`` and ``V(N, p)``."""
    p, n = (axis.ravel() for axis in np.meshgrid(rates, rollouts, indexing="ij"))
    columns = {"p": p, "num_rollouts": n, "p_nonzero_gradient": p_nonzero_gradient(n, p), "value": knapsack_value(n, p)}
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*(c.tolist() for c in columns.values()), strict=True)
    ]
