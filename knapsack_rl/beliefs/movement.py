"""How far success rates move between two visits of a prompt: what a belief from the last visit is up against.

Shapes: ``_G`` groups, ``_V`` pairs of successive visits.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Movement of the success rates over all pairs of successive visits; NaN where no prompt is met twice."""

    drift: float
    """Root of the mean squared change of the true rate; the noise of the outcomes is taken off before the root."""
    rise: float
    """Mean change of the rate."""
    gap_steps: float
    """Mean number of steps between the two visits."""
    num_visits: float
    """Visits per prompt."""


def movement(
    prompt_G: IntArray, step_G: IntArray, *, num_rollouts_G: npt.ArrayLike, num_successes_G: npt.ArrayLike
) -> Movement:
    """Movement of the true success rate between visits.

    Of the observed squared change the outcomes' own noise is taken off, ``r (1 - r) / (n - 1)`` at either visit, so
    that it is unbiased before the root is taken; groups of one rollout do not count.

    Args:
        prompt_G: Prompt of each group, 0 .. P-1.  [G]
        step_G: Step of each group.  [G]
        num_rollouts_G: Rollouts n.  [G]
        num_successes_G: Successes.  [G]
    """
    n_G = np.asarray(num_rollouts_G, dtype=np.float64)
    num_visits = len(n_G) / max(len(np.unique(prompt_G)), 1)
    order_G = np.lexsort((step_G, prompt_G))
    order_G = order_G[n_G[order_G] > 1]
    same_V = prompt_G[order_G][1:] == prompt_G[order_G][:-1]
    before_V, after_V = order_G[:-1][same_V], order_G[1:][same_V]
    if not before_V.size:
        return Movement(drift=np.nan, rise=np.nan, gap_steps=np.nan, num_visits=num_visits)
    r_G = np.asarray(num_successes_G, dtype=np.float64) / np.maximum(n_G, 1)
    noise_G = r_G * (1 - r_G) / np.maximum(n_G - 1, 1)
    change_V = r_G[after_V] - r_G[before_V]
    squared = float(np.mean(change_V**2 - noise_G[before_V] - noise_G[after_V]))
    return Movement(
        drift=max(squared, 0.0) ** 0.5,
        rise=float(change_V.mean()),
        gap_steps=float((step_G[after_V] - step_G[before_V]).mean()),
        num_visits=num_visits,
    )
