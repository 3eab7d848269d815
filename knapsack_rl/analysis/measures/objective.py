"""What the counts of a step are worth under the paper's value function, and what a perfect estimate would have made.

The effective-gradient ratio by prompts may fall while the allocation gets better, because the paper's rule does not
maximise it; so the quantity it does maximise is shown beside it. Put in at the beliefs themselves it flatters the rule,
which picks prompts for what is believed of them. So it is also taken at calibrated rates: prompts of an arm that had
beliefs and counts alike turned out to have some distribution of success rates, and the value is its mean over that.
Shapes: ``_G`` rows of the groups frame, ``_K`` classes.
"""

from functools import cache

import numpy as np
import pandas as pd
from scipy import stats

from knapsack_rl.allocation.solver import solve
from knapsack_rl.allocation.value import expected_knapsack_value, knapsack_increment, knapsack_value
from knapsack_rl.analysis.frames.parts import codes_of, first_rows, parts_of, renumbered
from knapsack_rl.analysis.frames.remember import once_per_frame
from knapsack_rl.analysis.frames.schemas import ARM_KEYS, RUN_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.periods import window_of
from knapsack_rl.analysis.measures.rate_classes import NUM_CLASSES, rate_class
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.beliefs.moments import beta_of_moments, class_moments

OBJECTIVES = ("objective", "objective_equal", "objective_belief", "objective_belief_equal")

POINTS = 128
"""Prompts that stand for a window's distribution of success rates when the best counts are sought."""

BOUNDS = (2, 128)
"""Bounds of the paper, between which the best counts are sought."""


@once_per_frame
def step_objectives(groups: pd.DataFrame) -> pd.DataFrame:
    """Mean value per prompt of each step's counts, arXiv 2509.25849v1: ``V(N, p) = [1 - p^N - (1-p)^N] p (1-p)^2``.

    Returns:
        ``run_id, step`` and, at calibrated rates, ``objective`` of the counts given and ``objective_equal`` of equal
        counts with the same total; the same at the beliefs, over prompts with one (NaN where none has), as
        ``objective_belief`` and ``objective_belief_equal``.
    """
    parts = [_objectives_of_arm(rows) for rows in parts_of(groups, ARM_KEYS)]
    return pd.concat(parts, ignore_index=True)


def _objectives_of_arm(groups: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``step_objectives`` for one arm, whose seeds share their classes of calibrated rates."""
    code_G, num = codes_of(groups, ["run_id", "step"])
    counts_G = groups["num_rollouts"].to_numpy(dtype=np.float64)
    size = np.bincount(code_G, minlength=num)
    equal_G = (np.bincount(code_G, weights=counts_G, minlength=num) / size)[code_G]
    class_G, a_K, b_K = _calibrated(groups)
    belief_G = groups["p_belief"].to_numpy(dtype=np.float64)
    known_G = ~np.isnan(belief_G)
    num_known = np.bincount(code_G, weights=known_G, minlength=num)
    columns = {}
    for end, given_G in (("", counts_G), ("_equal", equal_G)):
        value_G = _expected_value(given_G, class_G, a_K=a_K, b_K=b_K)
        columns[f"objective{end}"] = np.bincount(code_G, weights=value_G, minlength=num) / size
        believed_G = np.where(known_G, knapsack_value(given_G, np.nan_to_num(belief_G)), 0.0)
        total = np.bincount(code_G, weights=believed_G, minlength=num)
        columns[f"objective_belief{end}"] = np.where(num_known > 0, total / np.maximum(num_known, 1), np.nan)
    keyed = groups[["run_id", "step"]].iloc[first_rows(code_G)].astype({"run_id": "str"}).reset_index(drop=True)
    return keyed.assign(**{name: columns[name] for name in OBJECTIVES})


def _calibrated(groups: pd.DataFrame) -> tuple[IntArray, FloatArray, FloatArray]:
    """Class of each row of an arm and the Beta distribution of the success rates that turned up in each class.

    A class holds the visits (of all seeds) with a belief in one tenth (unknown, 0 and 1 apart) and a count
    between two powers of 2. Counts are chosen before outcomes, so the outcomes of a class are a fair sample of it
    (`knapsack_rl.beliefs.moments`).
    """
    counts_G = groups["num_rollouts"].to_numpy(dtype=np.float64)
    won_G = groups["num_successes"].to_numpy(dtype=np.float64)
    binary_G = np.floor(np.log2(np.maximum(counts_G, 1))).astype(np.int64)
    kind_G = binary_G * NUM_CLASSES + rate_class(groups["p_belief"]).to_numpy()
    class_G, num = renumbered(kind_G, int(kind_G.max(initial=0)) + 1)
    a_K, b_K = beta_of_moments(*class_moments(class_G, num_rollouts_G=counts_G, num_successes_G=won_G, num_classes=num))
    return class_G, a_K, b_K


def _expected_value(counts_G: FloatArray, class_G: IntArray, *, a_K: FloatArray, b_K: FloatArray) -> FloatArray:
    """Mean value of each row's count over its class's rates; distinct pairs of class and count are few."""
    number_G, counts_N = pd.factorize(counts_G)
    pair_G, _ = renumbered(class_G * len(counts_N) + number_G, len(a_K) * len(counts_N))
    first_M = first_rows(pair_G)
    value_M = expected_knapsack_value(counts_G[first_M], a=a_K[class_G[first_M]], b=b_K[class_G[first_M]])
    return np.asarray(np.nan_to_num(value_M)[pair_G])


def perfect_gains(frames: StudyFrames) -> pd.DataFrame:
    """What the best counts would be worth beyond equal counts if every success rate were known, per run and window.

    The rates of a window are stood for by ``POINTS`` quantiles of the Beta distribution with the moments of all its
    outcomes, so noise in single rates plays no part; the optimum is exact for those.

    Returns:
        ``RUN_KEYS``, ``window, perfect_gain`` (a share of the objective of equal counts; NaN if that is 0).
    """
    groups = frames.groups
    drawn, won = (groups[name].to_numpy(dtype=np.float64) for name in ("num_rollouts", "num_successes"))
    pair = np.divide(won * (won - 1), drawn * (drawn - 1), out=np.full(len(drawn), np.nan), where=drawn > 1)
    table = groups[["run_id"]].assign(window=window_of(groups), mean=won / np.maximum(drawn, 1), pair=pair, n=drawn)
    code_G, _ = codes_of(table, ["run_id", "window"])
    found = table[["run_id", "window"]].iloc[first_rows(code_G)].reset_index(drop=True)
    found = found.join(table[["mean", "pair", "n"]].groupby(code_G).mean())
    gains = [_perfect_gain(*row) for row in found[["mean", "pair", "n"]].itertuples(index=False, name=None)]
    runs = frames.steps[list(RUN_KEYS)].drop_duplicates()
    found = found[["run_id", "window"]].astype({"run_id": "str"}).assign(perfect_gain=gains)
    return runs.merge(found, on="run_id")


@cache  # tables, figures and the views of each cell ask for the same windows
def _perfect_gain(mean: float, second: float, rollouts: float) -> float:  # noqa: PLR0917 - three columns of one row
    a, b = beta_of_moments(np.array([mean]), np.array([second]))
    rate_P = np.clip(stats.beta.ppf((np.arange(POINTS) + 0.5) / POINTS, a, b), 0.0, 1.0)
    equal = float(knapsack_value(rollouts, rate_P).mean())
    if not equal > 0:
        return float("nan")
    total, low = round(rollouts * POINTS), min(BOUNDS[0], int(rollouts))
    counts_P = solve(
        lambda prompt_M, num_M: knapsack_increment(num_M, rate_P[prompt_M]),
        low_P=low,
        high_P=max(BOUNDS[1], int(np.ceil(rollouts))),
        total=total,
        kind_P=np.arange(POINTS),
    )
    return float(knapsack_value(counts_P, rate_P).mean()) / equal - 1
