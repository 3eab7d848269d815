"""How unequal the counts of a step are: quantiles and entropy, and the largest count."""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.parts import codes_of, first_rows, parts_of
from knapsack_rl.analysis.frames.remember import once_per_frame
from knapsack_rl.base.arrays import FloatArray, IntArray


@once_per_frame
def step_spread(groups: pd.DataFrame) -> pd.DataFrame:
    """Quantiles and normalised entropy of each step's counts: ``run_id, step`` and four columns.

    The entropy is ``-sum s ln s / ln P`` of the shares s of P prompts: 1 when all get the same, 0 when one gets all.
    A step of one prompt has entropy 1: it is as even as it can be.
    """
    return pd.concat([_spread_of_run(rows) for rows in parts_of(groups, ["run_id"])], ignore_index=True)


def _spread_of_run(groups: pd.DataFrame) -> pd.DataFrame:
    code_G, num = codes_of(groups, ["step"])
    counts_G = groups["num_rollouts"].to_numpy(dtype=np.float64)
    size = np.bincount(code_G, minlength=num)
    start = np.cumsum(size) - size
    sorted_G = _sorted_by_step(code_G, groups["num_rollouts"].to_numpy(dtype=np.int64))
    quantiles = {
        f"q{level}_rollouts": _quantile(sorted_G, start, size=size, level=level / 100) for level in (10, 50, 90)
    }
    share_G = counts_G / np.bincount(code_G, weights=counts_G, minlength=num)[code_G]
    log_G = np.log(share_G, out=np.zeros_like(share_G), where=share_G > 0)
    entropy = -np.bincount(code_G, weights=share_G * log_G, minlength=num)
    normalised = np.divide(entropy, np.log(size), out=np.ones(num), where=size > 1)
    keyed = groups[["run_id", "step"]].iloc[first_rows(code_G)].astype({"run_id": "str"}).reset_index(drop=True)
    return keyed.assign(**quantiles, entropy_rollouts=normalised)


def _sorted_by_step(code_G: IntArray, counts_G: IntArray) -> FloatArray:
    """Counts in ascending order within each step: one sort of numbers that hold both."""
    span = int(counts_G.max(initial=0)) + 1
    return np.asarray(np.sort(code_G * span + counts_G) % span, dtype=np.float64)


def _quantile(sorted_G: FloatArray, start: IntArray, *, size: IntArray, level: float) -> FloatArray:
    """Linear interpolation between order statistics within each step, as numpy's default."""
    position = (size - 1) * level
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, size - 1)
    left, right = sorted_G[start + below], sorted_G[start + above]
    return np.asarray(left + (position - below) * (right - left))


@once_per_frame
def largest_per_step(groups: pd.DataFrame) -> pd.DataFrame:
    """The row of each step's largest count; of equals the first."""
    return pd.concat([_largest_of_run(rows) for rows in parts_of(groups, ["run_id"])], ignore_index=True)


def _largest_of_run(groups: pd.DataFrame) -> pd.DataFrame:
    code_G, num = codes_of(groups, ["step"])
    counts_G = groups["num_rollouts"].to_numpy(dtype=np.int64)
    most = np.full(num, -1)
    np.maximum.at(most, code_G, counts_G)
    row_G = np.flatnonzero(counts_G == most[code_G])
    first, place = np.unique(code_G[row_G], return_index=True)
    largest: pd.DataFrame = groups.iloc[row_G[place[np.argsort(first)]]]
    return largest
