"""What the plug-in adds to verl's own metrics of a step. verl logs no effective-gradient ratio."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from knapsack_rl.grpo import all_correct, all_wrong
from knapsack_rl.integrations.verl.groups import DealtGroup, reward_ratios

PREFIX = "knapsack"


def step_metrics(groups: Sequence[DealtGroup], *, threshold: float, num_padding: int) -> dict[str, float]:
    """Metrics of one step.

    Args:
        groups: all that were dealt in it.
        threshold: rewards from it on are successes.
        num_padding: rows that verl added to fill up the batch.

    Returns:
        - ``effective_ratio/by_rollouts``, ``effective_ratio/by_prompts``: share of the rollouts (the paper's) and of
          the groups whose rewards differ;
        - ``groups/all_right``, ``groups/all_wrong``: share of groups that hold successes or failures alone;
        - ``counts/min``, ``counts/max``, ``counts/total``: rollouts dealt; ``unknown_prompts``: share without a rate;
        - ``evicted_groups``, ``evicted_rollouts``: dealt, and not in the batch, with ``evicted_groups/size_<a>_<b>``
          by the size that was dealt, zero too; ``lost_rollouts``: missing from groups that are in it;
        - ``groups_of_one``: groups with one rollout left, whose advantage is their reward;
        - ``padding_rows``.
    """
    kept = [group for group in groups if group.rewards]
    evicted = [group.planned.num_rollouts for group in groups if not group.rewards]
    by_rollouts, by_prompts = reward_ratios(groups)
    counts = [group.planned.num_rollouts for group in groups]
    values: dict[str, float] = {
        "effective_ratio/by_rollouts": by_rollouts,
        "effective_ratio/by_prompts": by_prompts,
        **_one_sided(kept, threshold),
        "counts/min": min(counts, default=0),
        "counts/max": max(counts, default=0),
        "counts/total": sum(counts),
        "unknown_prompts": float(np.mean([np.isnan(group.planned.rate) for group in groups])) if groups else 0.0,
        "evicted_groups": len(evicted),
        "evicted_rollouts": sum(evicted),
        "lost_rollouts": sum(group.num_lost for group in kept),
        "groups_of_one": sum(len(group.rewards) == 1 for group in kept),
        "padding_rows": num_padding,
    }
    sizes = Counter(_size_class(count) for count in evicted)
    for name in sorted({_size_class(count) for count in counts}):
        values[f"evicted_groups/{name}"] = sizes[name]
    return {f"{PREFIX}/{name}": value for name, value in values.items()}


def _one_sided(kept: Sequence[DealtGroup], threshold: float) -> dict[str, float]:
    successes = [sum(group.successes(threshold)) for group in kept]
    counts = [len(group.rewards) for group in kept]
    shares = {"all_right": all_correct(successes, counts), "all_wrong": all_wrong(successes, counts)}
    return {f"groups/{name}": float(mask.mean()) if kept else 0.0 for name, mask in shares.items()}


def _size_class(count: int) -> str:
    """``size_008_015``: sizes between two powers of two."""
    least = 1 << (count.bit_length() - 1)
    return f"size_{least:03d}_{2 * least - 1:03d}"
