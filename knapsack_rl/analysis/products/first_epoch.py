"""What the method costs before it starts: until every prompt has been seen once nothing is known, and all get N."""

import pandas as pd

from knapsack_rl.analysis.frames.schemas import ARM_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.stats import seed_means
from knapsack_rl.analysis.measures.first_epoch import first_epoch_rows

SHARES = ("steps_share", "budget_share", "gradient_share", "unknown_budget_share", "unknown_after")


def first_epoch_table(frames: StudyFrames) -> pd.DataFrame:
    """Share of a run that lies before its prompts have been seen once, per arm: means over seeds with t-intervals.

    Returns:
        ``model, budget, arm, num_seeds, last_first_step`` (mean last step in which most prompts are met for the first
        time), and up to it ``steps_share``, ``budget_share`` (of all rollouts) and ``gradient_share`` (of all rollouts
        in mixed groups); over the whole run ``unknown_budget_share``, rollouts on prompts without a belief, and
        ``unknown_after``, the share of later visits that still had none.
    """
    values = ["last_first_step", *SHARES]
    means = seed_means(first_epoch_rows(frames), ARM_KEYS, values=values).drop(columns="strategy")
    means = means.drop(columns=["last_first_step_low", "last_first_step_high"])
    return in_grid_order(means, frames.steps)
