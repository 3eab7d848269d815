"""What is added to TRL's log of a step. TRL logs no effective-gradient ratio."""

from collections.abc import Sequence

import numpy as np

from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.grpo import all_correct, all_wrong, effective_ratios
from knapsack_rl.integrations.allocator import Dealt

PREFIX = "knapsack"


def step_metrics(
    dealt: Dealt, *, rewards_P_G: Sequence[FloatArray], right_P_G: Sequence[Sequence[int]]
) -> dict[str, float]:
    """Metrics of one generation batch.

    Args:
        dealt: what was dealt.
        rewards_P_G: rewards of every prompt; NaN where a completion was not judged.
        right_P_G: 1 where one succeeded, else 0; without those that were not judged.

    Returns:
        - ``effective_ratio/by_rollouts``, ``effective_ratio/by_prompts``: share of the rollouts (the paper's) and of
          the prompts whose rewards differ, of rewards of any kind;
        - ``groups/all_right``, ``groups/all_wrong``: share of prompts;
        - ``counts/min``, ``counts/max``; ``counts/moved``: share of the rollouts that equal counts would have put
          elsewhere; ``unknown_prompts``: share of prompts without an estimate.
    """
    judged = _judged(rewards_P_G)
    successes, sizes, counts_P = (
        [sum(group) for group in right_P_G],
        [len(group) for group in right_P_G],
        dealt.counts_P,
    )
    distinct = [len(np.unique(group_G)) for group_G in judged]
    by_rollouts, by_prompts = effective_ratios(successes, sizes, num_distinct_P=distinct)
    values = {
        "effective_ratio/by_rollouts": by_rollouts,
        "effective_ratio/by_prompts": by_prompts,
        "groups/all_right": float(all_correct(successes, sizes).mean()),
        "groups/all_wrong": float(all_wrong(successes, sizes).mean()),
        "counts/min": float(counts_P.min()),
        "counts/max": float(counts_P.max()),
        "counts/moved": float(np.abs(counts_P - counts_P.mean()).sum() / 2 / counts_P.sum()),
        "unknown_prompts": float(np.isnan(dealt.rate_P).mean()),
    }
    return {f"{PREFIX}/{name}": value for name, value in values.items()}


def zero_std_share(rewards_P_G: Sequence[FloatArray]) -> float:
    """Share of completions in groups whose rewards do not differ: TRL's ``frac_reward_zero_std``, ragged."""
    flat = [group_G.size == 0 or np.ptp(group_G) == 0 for group_G in _judged(rewards_P_G)]
    sizes = [len(group_G) for group_G in rewards_P_G]
    return sum(size for size, is_flat in zip(sizes, flat, strict=True) if is_flat) / sum(sizes)


def _judged(rewards_P_G: Sequence[FloatArray]) -> list[FloatArray]:
    return [group_G[~np.isnan(group_G)] for group_G in rewards_P_G]
