"""Which groups carry a gradient. Binary rewards; ``_P`` = prompts of a step (or any number of groups)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

BoolArray = NDArray[np.bool_]


def all_correct(num_successes_P: ArrayLike, num_rollouts_P: ArrayLike) -> BoolArray:
    """Per group: every rollout is right (and there is one), so the advantage is zero and there is no gradient."""
    successes, rollouts = np.asarray(num_successes_P), np.asarray(num_rollouts_P)
    return np.asarray((successes == rollouts) & (rollouts > 0))


def all_wrong(num_successes_P: ArrayLike, num_rollouts_P: ArrayLike) -> BoolArray:
    """Per group: every rollout is wrong (and there is one), so the advantage is zero and there is no gradient."""
    successes, rollouts = np.asarray(num_successes_P), np.asarray(num_rollouts_P)
    return np.asarray((successes == 0) & (rollouts > 0))


def mixed(num_successes_P: ArrayLike, num_rollouts_P: ArrayLike) -> BoolArray:
    """Per group: both outcomes occur, so it has a non-zero gradient.

    The three masks are disjoint; together they cover every group with at least one rollout. A group of one rollout
    is never mixed. Follows the released ``compute_coverage_metric``: a group is effective if its reward std is > 0.
    """
    successes, rollouts = np.asarray(num_successes_P), np.asarray(num_rollouts_P)
    return np.asarray((successes > 0) & (successes < rollouts))


def effective_ratios(num_successes_P: ArrayLike, num_rollouts_P: ArrayLike) -> tuple[float, float]:
    """Effective-gradient ratio of a step: ``(by rollouts, by prompts)``, each in 0..1.

    By rollouts (the paper's): rollouts in mixed groups / rollouts. By prompts: mixed groups / groups. The first rises
    when rollouts are merely moved to prompts with a signal; the second cannot be raised by re-weighting alone.
    Both are NaN for a step without rollouts.
    """
    rollouts = np.asarray(num_rollouts_P, dtype=np.float64)
    effective = mixed(num_successes_P, num_rollouts_P)
    if rollouts.sum() == 0:
        return float("nan"), float("nan")
    return float(rollouts[effective].sum() / rollouts.sum()), float(effective.mean())
