"""How unequal the counts of a step are, and who gets the most."""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames import ARM_KEYS, StudyFrames, in_grid_order
from knapsack_rl.analysis.parts import IntArray, codes_of, first_rows, parts_of
from knapsack_rl.analysis.periods import by_period, period_means, window_means
from knapsack_rl.analysis.remember import once_per_frame
from knapsack_rl.analysis.stats import FloatArray

VALUES = ("q10_rollouts", "q50_rollouts", "q90_rollouts", "max_rollouts", "gini_rollouts", "entropy_rollouts")
"""Per step: quantiles and maximum of the counts, their Gini index and their normalised entropy."""

WINNER = ("largest", "largest_step", "largest_prompt", "largest_kind", "largest_belief", "largest_successes")


def concentration_table(frames: StudyFrames) -> pd.DataFrame:
    """Spread of the counts per arm and period, and the largest count with the prompt that got it.

    Returns:
        ``period_means`` of ``VALUES``; ``largest`` (over the period and all seeds, the first of equals) with the step,
        prompt, kind, belief and successes of that group; ``num_largest_prompts``, how many different prompts got the
        largest count of some step; ``belief_of_largest``, mean belief of those (NaN if never known).
    """
    means = period_means(_steps(frames), VALUES)
    winners = largest_per_step(frames.groups)
    repeat = frames.steps[["run_id", "step", "repeat_frac"]]
    winners = winners.merge(repeat, on=["run_id", "step"])
    parts = [_winner(part).assign(period=period) for period, part in by_period(winners).items() if len(part)]
    keys = ["model", "budget", "arm", "period"]
    found = pd.concat(parts, ignore_index=True).drop(columns="strategy")
    whole = dict.fromkeys(("largest", "largest_step", "largest_successes", "num_largest_prompts"), "Int64")
    return in_grid_order(means.merge(found, on=keys, how="left").astype(whole), frames.steps)


def concentration_points(frames: StudyFrames) -> pd.DataFrame:
    """The same spread over training: means over seeds within windows of steps."""
    return window_means(_steps(frames), VALUES)


def _steps(frames: StudyFrames) -> pd.DataFrame:
    return frames.steps.merge(step_spread(frames.groups), on=["run_id", "step"], how="left")


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


def _winner(winners: pd.DataFrame) -> pd.DataFrame:
    by_arm = winners.groupby(list(ARM_KEYS), sort=False)
    top = winners.loc[by_arm["num_rollouts"].idxmax()]
    columns = ["num_rollouts", "step", "prompt_id", "kind", "p_belief", "num_successes"]
    named = top[[*ARM_KEYS, *columns]].rename(columns=dict(zip(columns, WINNER, strict=True)))
    facts = by_arm.agg(num_largest_prompts=("prompt_id", "nunique"), belief_of_largest=("p_belief", "mean"))
    found: pd.DataFrame = named.merge(facts.reset_index(), on=list(ARM_KEYS))
    return found
