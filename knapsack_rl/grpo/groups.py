"""Which groups carry a gradient: those whose rewards are not all equal. ``_P`` = prompts of a step, or any groups.

With rewards of 0 and 1 the number of successes tells it; with partial credit the number of distinct rewards does.
"""

import numpy as np
from numpy.typing import ArrayLike

from knapsack_rl.base.arrays import BoolArray


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


def has_gradient(
    num_successes_P: ArrayLike, num_rollouts_P: ArrayLike, *, num_distinct_P: ArrayLike | None = None
) -> BoolArray:
    """Per group: the rewards are not all equal, so the advantages are not all zero.

    Args:
        num_successes_P: right rollouts.  [P]
        num_rollouts_P: rollouts.  [P]
        num_distinct_P: distinct rewards, NaN where they are 0 and 1; None: everywhere.  [P]
    """
    outcomes = mixed(num_successes_P, num_rollouts_P)
    if num_distinct_P is None:
        return outcomes
    distinct = np.asarray(num_distinct_P, dtype=np.float64)
    return np.where(np.isnan(distinct), outcomes, distinct > 1)


def effective_ratios(
    num_successes_P: ArrayLike, num_rollouts_P: ArrayLike, *, num_distinct_P: ArrayLike | None = None
) -> tuple[float, float]:
    """Effective-gradient ratio of a step: ``(by rollouts, by prompts)``, each in 0..1.

    By rollouts (the paper's): rollouts in groups with a gradient (see ``has_gradient``) / rollouts. By prompts: such
    groups / groups. The first rises
    when rollouts are merely moved to prompts with a signal; the second cannot be raised by re-weighting alone.
    Both are NaN for a step without rollouts.
    """
    rollouts = np.asarray(num_rollouts_P, dtype=np.float64)
    effective = has_gradient(num_successes_P, num_rollouts_P, num_distinct_P=num_distinct_P)
    if rollouts.sum() == 0:
        return float("nan"), float("nan")
    return float(rollouts[effective].sum() / rollouts.sum()), float(effective.mean())
