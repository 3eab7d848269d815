"""Effective-gradient ratios of every run, averaged over the steps that count."""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.schemas import ARM_KEYS, CELL_KEYS, RATIO_COLUMNS
from knapsack_rl.analysis.inference.periods import from_first_belief, from_second_visit


def ratio_values(steps: pd.DataFrame, arm: str | None, *, baseline: str | None) -> pd.DataFrame:
    """Both effective-gradient ratios of the runs of two arms, over the same steps: see ``from_first_belief``.

    Args:
        steps: of the study.
        arm: from whose first known belief on.
        baseline: the other.

    Returns:
        As ``mean_ratios``.
    """
    pair = steps[steps["arm"].isin([arm, baseline])]
    return mean_ratios(pair, from_first_belief(pair, arm=arm))


def mean_ratios(steps: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    """Both effective-gradient ratios of every run, means over those of its steps that count.

    Args:
        steps: of the runs that are compared.
        counted: some of them; of these the steps that all runs of a cell trained are averaged.

    Returns:
        Long: ``ARM_KEYS, seed, step, metric, value``; ``step`` is NaN, for the value belongs to no single step.
    """
    last = steps.groupby([*CELL_KEYS, "run_id"])["step"].max().groupby(level=list(CELL_KEYS)).min()
    counted = counted.join(last.rename("shared_last"), on=list(CELL_KEYS))
    counted = counted[counted["step"] <= counted["shared_last"]]
    metrics = ["ratio_rollouts", "ratio_prompts"]
    runs = steps[["run_id", *ARM_KEYS, "seed"]].drop_duplicates()
    means = runs.join(counted.groupby("run_id")[metrics].mean(), on="run_id").assign(step=np.nan)
    return means.melt([*ARM_KEYS, "seed", "step"], metrics, var_name="metric")


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
