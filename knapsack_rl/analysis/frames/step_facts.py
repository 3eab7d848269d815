"""What the frame of steps adds to the records: shares of groups with a gradient, and the spread of the counts.

Which group is mixed, all correct or all wrong is defined once, in ``knapsack_rl.grpo``.
"""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.schemas import COUNT_COLUMNS, RATIO_COLUMNS
from knapsack_rl.grpo import all_correct, all_wrong, has_gradient

SECOND_VISIT = 2


def add_step_facts(steps: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """One run's ``steps`` with the ratios, the spread of its ``groups`` and running totals joined by step."""
    known = groups["p_belief"].notna().groupby(groups["step"]).mean().rename("known_frac")
    facts = step_ratios(groups).join(known).join(allocation_spread(groups))
    joined = steps.sort_values("step").join(facts, on="step").reset_index(drop=True)
    return joined.assign(
        total_rollouts=joined["num_rollouts"].cumsum().astype("int64"),
        total_response_tokens=joined["num_response_tokens"].cumsum(),
    )


def step_ratios(groups: pd.DataFrame) -> pd.DataFrame:
    """Shares of each step, indexed by step.

    - ``ratio_rollouts``: rollouts in groups with a gradient / rollouts, the effective-gradient ratio of Knapsack RL
      (arXiv 2509.25849v1). It rises when rollouts merely move to prompts that have a signal.
    - ``ratio_prompts``: groups with a gradient / groups. Re-weighting alone cannot raise it.
    - ``all_correct_*``, ``all_wrong_*``: the two kinds of zero-gradient group, by prompts and by rollouts.

    - ``repeat_frac``: prompts visited for at least the second time / prompts.

    By prompts the first three shares of a step sum to 1, and by rollouts they do too.

    Args:
        groups: one row per step and prompt with ``step, visit, num_rollouts, num_successes``, and
            ``num_distinct_rewards`` where the task gives partial credit.
    """
    successes, rollouts = groups["num_successes"].to_numpy(), groups["num_rollouts"].to_numpy()
    effective = has_gradient(successes, rollouts, num_distinct_P=groups.get("num_distinct_rewards"))
    masks = {
        "ratio": effective,
        "all_correct": all_correct(successes, rollouts) & ~effective,
        "all_wrong": all_wrong(successes, rollouts) & ~effective,
    }
    shares = {f"{name}_prompts": mask.astype(float) for name, mask in masks.items()}
    weighted = {f"{name}_rollouts": mask * rollouts for name, mask in masks.items()}
    step = groups["step"].to_numpy()
    by_prompts = pd.DataFrame(shares).groupby(step).mean()
    by_rollouts = pd.DataFrame(weighted).groupby(step).sum().div(pd.Series(rollouts).groupby(step).sum(), axis=0)
    ratios = by_prompts.join(by_rollouts)[list(RATIO_COLUMNS)]
    return ratios.assign(repeat_frac=(groups["visit"] >= SECOND_VISIT).groupby(step).mean())


def allocation_spread(groups: pd.DataFrame) -> pd.DataFrame:
    """Smallest, largest, mean and standard deviation (divisor P) of the rollouts per prompt, and their Gini index.

    The Gini index is 0 when all prompts get the same and approaches 1 when one prompt gets everything. Indexed by
    step, columns ``COUNT_COLUMNS``.
    """
    by_step = groups.groupby("step")["num_rollouts"]
    spread = pd.DataFrame(
        {"min": by_step.min(), "max": by_step.max(), "mean": by_step.mean(), "std": by_step.std(ddof=0)}
    )
    spread["gini"] = _gini(groups).reindex(spread.index)
    return spread.astype(float).set_axis(list(COUNT_COLUMNS), axis=1)


def _gini(groups: pd.DataFrame) -> "pd.Series[float]":
    """``sum_i (2 i - P - 1) n_(i) / (P sum n)`` over ascending counts, i = 1..P; 0 without rollouts."""
    step_G, steps = pd.factorize(groups["step"].to_numpy(), sort=True)
    counts_G = groups["num_rollouts"].to_numpy(dtype=np.int64)
    span = int(counts_G.max(initial=0)) + 1
    ordered_G = np.sort(step_G * span + counts_G) % span
    size = np.bincount(step_G, minlength=len(steps))
    rank_G = np.arange(1, len(ordered_G) + 1) - np.repeat(np.cumsum(size) - size, size)
    weight_G = 2 * rank_G - np.repeat(size, size) - 1
    owner_G = np.repeat(np.arange(len(steps)), size)
    weighted = np.bincount(owner_G, weights=weight_G * ordered_G, minlength=len(steps))
    total = size * np.bincount(owner_G, weights=ordered_G, minlength=len(steps))
    return pd.Series(np.divide(weighted, total, out=np.zeros(len(steps)), where=total > 0), index=steps)
