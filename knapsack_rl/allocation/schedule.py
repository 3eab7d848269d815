"""Budget schedules: how many rollouts each step hands out, at an equal total over the run. Shapes: ``_S`` steps."""

import math
from collections.abc import Sequence

import numpy as np

from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import ConfigError

KINDS = ("constant", "cosine", "custom", "linear")


def schedule_totals(
    kind: str, *, steps: int, mean_total: int, start: float = 1.5, weights: Sequence[float] = ()
) -> IntArray:
    """Rollouts of each step; every schedule sums to ``steps * mean_total``, so runs are compared at equal cost.

    With t from 0 at the first step to 1 at the last, and r = ``start``, step t gets in proportion to

    - ``constant``: 1;
    - ``linear``: ``r + (2 - 2r) t``, from r down (or up) to 2 - r;
    - ``cosine``: ``1 + (r - 1) cos(pi t)``, the same ends with a slow start and finish;
    - ``custom``: the weight of that step.

    Totals are differences of the rounded running sum, so each is within 1 of its share. A run of one step gets
    ``mean_total`` under every kind. Source: ours.

    Args:
        kind: One of `KINDS`.
        steps: Steps of the run, >= 1.
        mean_total: Mean rollouts per step, >= 1.
        start: First step's rollouts over the mean, strictly between 0 and 2; above 1 spends more early.
        weights: For ``custom`` only: one weight >= 0 per step, not all 0.

    Returns:
        Rollouts per step.  [S]

    Raises:
        ConfigError: Unknown kind, or a value out of range.
    """
    if kind not in KINDS:
        raise ConfigError(f"budget schedule {kind!r} must be one of: {', '.join(KINDS)}")
    if steps < 1 or mean_total < 1:
        raise ConfigError(f"budget schedule: steps = {steps} and mean_total = {mean_total} must be at least 1")
    if not 0.0 < start < 2.0:  # noqa: PLR2004 - the mean is 1, so the other end is 2 - start
        raise ConfigError(f"budget schedule: start = {start:g} must lie strictly between 0 and 2")
    shape_S = _shape(kind, steps=steps, start=start, weights=weights)
    running_S = np.cumsum(shape_S)
    edges_S = np.rint(running_S / running_S[-1] * (steps * mean_total)).astype(np.int64)
    return np.asarray(np.diff(edges_S, prepend=0))


def _shape(kind: str, *, steps: int, start: float, weights: Sequence[float]) -> FloatArray:
    """Positive numbers in proportion to the totals, [S]."""
    t_S = np.linspace(0.0, 1.0, steps) if steps > 1 else np.full(1, 0.5)
    if kind == "linear":
        return start + (2.0 - 2.0 * start) * t_S
    if kind == "cosine":
        return 1.0 + (start - 1.0) * np.cos(math.pi * t_S)
    if kind == "custom":
        return _checked(weights, steps=steps)
    return np.ones(steps)


def _checked(weights: Sequence[float], *, steps: int) -> FloatArray:
    weight_S = np.asarray(weights, dtype=np.float64)
    if weight_S.shape != (steps,):
        raise ConfigError(f"budget schedule: {weight_S.size} weights for {steps} steps; give one per step")
    if not (np.isfinite(weight_S).all() and (weight_S >= 0.0).all() and weight_S.sum() > 0.0):
        raise ConfigError("budget schedule: weights must be finite, at least 0 and not all 0")
    return weight_S
