"""Rollouts against success rate: which prompts the budget goes to, by what the strategy believed of them."""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames import ARM_KEYS, StudyFrames, in_grid_order
from knapsack_rl.analysis.parts import parts_of
from knapsack_rl.analysis.periods import window_of
from knapsack_rl.analysis.rate_classes import CLASS_NAMES, rate_class
from knapsack_rl.analysis.stats import seed_means

QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}


def _classified(groups: pd.DataFrame) -> pd.DataFrame:
    shown = groups[[*ARM_KEYS, "seed", "step", "num_rollouts", "num_successes"]]
    return shown.assign(belief=rate_class(groups["p_belief"]))


def budgets_table(frames: StudyFrames) -> pd.DataFrame:
    """Rollouts per visit by class of believed success rate, per arm, over all of training.

    Returns:
        ``model, budget, arm, belief, num_seeds, num_visits``, ``share_of_visits`` and ``share_of_budget``,
        ``success_rate`` (successes / rollouts: what these prompts turned out to be), ``mean_rollouts`` over seeds with
        its t-interval, quantiles ``q05..q95`` and ``max_rollouts`` over all visits of all seeds.
    """
    parts = [_budgets_of_arm(rows) for rows in parts_of(frames.groups, ARM_KEYS)]
    return in_grid_order(pd.concat(parts, ignore_index=True), frames.steps)


def _budgets_of_arm(rows: pd.DataFrame) -> pd.DataFrame:
    groups = _classified(rows).drop(columns=list(ARM_KEYS))
    by_class = groups.groupby("belief", sort=False)
    facts = by_class["num_rollouts"].agg(num_visits="size", total="sum", max_rollouts="max")
    levels = {name: by_class["num_rollouts"].quantile(level) for name, level in QUANTILES.items()}
    means = seed_means(groups, ["belief"], values=["num_rollouts"])
    means.columns = pd.Index([column.replace("num_rollouts", "mean_rollouts") for column in means.columns])
    facts = facts.assign(num_successes=by_class["num_successes"].sum(), **levels)
    table = means.join(facts, on="belief")
    arm = rows[list(ARM_KEYS)].iloc[np.zeros(len(table), dtype=np.int64)].reset_index(drop=True)
    table = pd.concat([arm, table], axis=1)
    table = table.assign(
        share_of_visits=table["num_visits"] / table["num_visits"].sum(),
        share_of_budget=table["total"] / table["total"].sum(),
        success_rate=table["num_successes"] / table["total"],
    ).sort_values("belief", kind="stable")
    lead = ["model", "budget", "arm", "belief", "num_seeds", "num_visits", "share_of_visits", "share_of_budget"]
    means_shown = ["success_rate", "mean_rollouts", "mean_rollouts_low", "mean_rollouts_high"]
    table = table.assign(belief=[CLASS_NAMES[belief] for belief in table["belief"]])
    return table[[*lead, *means_shown, *QUANTILES, "max_rollouts"]]


def budget_points(frames: StudyFrames) -> pd.DataFrame:
    """Mean rollouts per visit within windows of steps, by class of believed rate, all seeds together.

    Returns:
        ``ARM_KEYS``, ``window, step`` (its middle), ``belief`` (class 0..12), ``num_visits, mean_rollouts``.
    """
    groups = _classified(frames.groups)
    groups = groups.assign(window=window_of(groups))
    by_cell = groups.groupby([*ARM_KEYS, "window", "belief"], sort=False)
    points = by_cell.agg(num_visits=("num_rollouts", "size"), mean_rollouts=("num_rollouts", "mean")).reset_index()
    middle = groups.groupby("window")["step"].agg(lambda steps: (steps.min() + steps.max()) / 2)
    return points.assign(step=points["window"].map(middle)).sort_values(["window", "belief"], ignore_index=True)
