"""How much of a step carries a gradient, and how its rollouts were spread over the prompts.

Which group is mixed, all correct or all wrong is defined once, in ``knapsack_rl.grpo``.
"""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames import CELL_KEYS, COUNT_COLUMNS, RATIO_COLUMNS
from knapsack_rl.grpo import all_correct, all_wrong, has_gradient

SECOND_VISIT = 2
MOST = 0.5
"""A step counts as a repeat when more than this share of its prompts was visited before."""


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


def from_second_visit(steps: pd.DataFrame) -> pd.DataFrame:
    """The steps in which most prompts (more than half) are visited for at least the second time.

    Before that a strategy knows nothing of its prompts and spends uniformly, so means over all steps would dilute
    whatever it does. Most and not all, because an epoch drops its last partial batch: the few prompts dropped from
    the first epoch turn up one by one in almost every step of the second. Where batches divide the training set the
    two are the same. Runs without such a step have no row here.
    """
    return steps[steps["repeat_frac"] > MOST]


def from_first_belief(steps: pd.DataFrame, *, arm: str | None) -> pd.DataFrame:
    """Of ``from_second_visit`` the steps in which ``arm`` had something to go by, for all runs of its cell.

    An estimator may need more than one visit: the release's wants eight rewards, which at N = 4 are there in the third
    epoch. Until then the arm spends as uniform does to the last rollout. A cell's first step that counts is the latest
    of its runs of ``arm``: their first repeat step with a known belief (``known_frac``). What a prior says of a prompt
    never met is no knowledge of it. Cells without such a step have no row here.

    Args:
        steps: of the runs that are compared, ``arm`` among them.
        arm: whose beliefs count.
    """
    repeats = from_second_visit(steps)
    informed = repeats[(repeats["arm"] == arm) & (repeats["known_frac"] > 0)]
    first = informed.groupby([*CELL_KEYS, "run_id"], observed=True)["step"].min()
    start = repeats[list(CELL_KEYS)].join(first.groupby(level=list(CELL_KEYS)).max(), on=list(CELL_KEYS))["step"]
    return repeats[(repeats["step"] >= start).to_numpy()]


def run_summary(steps: pd.DataFrame) -> pd.DataFrame:
    """Per run: means of the ratios and of the spread over ``from_second_visit``, NaN for a run without such a step.

    Returns:
        Indexed by ``run_id`` in order of appearance; ``first_step`` is the first step that counts (NaN if none),
        ``num_steps`` how many do, ``max_rollouts`` the most any prompt got in one of them.
    """
    counted = from_second_visit(steps).groupby("run_id", sort=False)
    columns = [*RATIO_COLUMNS, "mean_rollouts", "std_rollouts", "gini_rollouts"]
    summary = counted[columns].mean()
    summary["max_rollouts"] = counted["max_rollouts"].max()
    summary["first_step"] = counted["step"].min()
    summary = summary.reindex(pd.Index(steps["run_id"].unique(), name="run_id"))
    return summary.assign(num_steps=counted.size().reindex(summary.index, fill_value=0))
