"""What to expect of an allocation, in one line."""

from collections.abc import Sequence

import numpy as np

from knapsack_rl.allocation.value import knapsack_value, p_nonzero_gradient
from knapsack_rl.base.arrays import IntArray
from knapsack_rl.base.belief import Belief
from knapsack_rl.beliefs import BeliefArrays


def summary_line(beliefs: Sequence[Belief], counts_P: IntArray) -> str:
    """Total, largest count, expected effective ratio both ways, and the gain in value over equal counts.

    Expectations take the known rates at their word and leave out the unknown prompts; the gain is that of
    ``sum V(N, p)`` over giving each of those prompts the mean count of all, so it can be negative when most rollouts
    go to unknown prompts.

    Args:
        beliefs: One per prompt.  [P]
        counts_P: Rollouts of each.  [P]
    """
    rate_P = BeliefArrays.from_records(beliefs).rate_P
    known_P = ~np.isnan(rate_P)
    text = f"{len(counts_P)} prompts, {int(counts_P.sum())} rollouts, largest {int(counts_P.max())}"
    p_P, n_P = rate_P[known_P], counts_P[known_P].astype(np.float64)
    if not known_P.any() or n_P.sum() == 0:
        return f"{text}; no known rate, so nothing to expect"
    chance_P = p_nonzero_gradient(n_P, p_P)
    uniform = float(knapsack_value(counts_P.mean(), p_P).sum())
    gain = "no value to gain" if uniform == 0 else f"{knapsack_value(n_P, p_P).sum() / uniform - 1.0:+.1%} value"
    left_out = "" if known_P.all() else f" ({int((~known_P).sum())} unknown left out)"
    return (
        f"{text}; expected effective ratio {float(chance_P @ n_P / n_P.sum()):.3f} by rollouts, "
        f"{float(chance_P.mean()):.3f} by prompts, {gain} over equal counts{left_out}"
    )
