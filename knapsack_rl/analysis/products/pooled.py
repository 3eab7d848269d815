"""What every arm gained over uniform allocation on the whole: one number per seed, its mean over the cells."""

from collections.abc import Sequence

import pandas as pd

from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.stats import mean_interval
from knapsack_rl.analysis.products.differences import paired_values

POOLED = "all cells"
"""Stands for the model in the rows of all cells together."""


def pooled_differences(frames: StudyFrames, metrics: Sequence[str]) -> pd.DataFrame:
    """Differences from the baseline over all cells of an arm, each cell with the same weight.

    A seed's value is the mean of its differences over the cells; only seeds that have all cells of the arm count, so
    that every value is a mean of the same things. The cells of one seed may share problems and a base model, so they
    are not treated as further replicates.

    Returns:
        ``arm, metric, num_seeds, difference, ci_low, ci_high`` (95% t-interval over seeds, none below three seeds);
        no rows for an arm that has one cell alone.
    """
    pairs = paired_values(frames).dropna(subset=["arm_value", "baseline_value"])
    pairs = pairs[pairs["metric"].isin(list(metrics))]
    pairs = pairs.assign(difference=pairs["arm_value"] - pairs["baseline_value"])
    rows = []
    for (arm, metric), of_arm in pairs.groupby(["arm", "metric"], sort=False):
        by_cell = of_arm.pivot_table(index="seed", columns=list(CELL_KEYS), values="difference").dropna()
        if by_cell.shape[1] > 1 and len(by_cell):
            found = mean_interval(by_cell.mean(axis=1))
            rows.append((arm, metric, found.num, found.mean, found.low, found.high))
    return pd.DataFrame(rows, columns=["arm", "metric", "num_seeds", "difference", "ci_low", "ci_high"])
