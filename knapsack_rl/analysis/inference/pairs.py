"""Two arms compared within a seed: which arm is the baseline, which values are a pair, and what an interval says.

Everything that compares arms pairs them here. A seed that an override repeats within an arm counts once: its values are
averaged, and where a whole run is needed it is the first.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.inference.stats import MIN_SEEDS, ROUNDING, Interval, mean_interval, paired_difference

BASELINE_STRATEGY = "uniform"

VERDICT_CLEAR = "interval excludes zero"
VERDICT_INSIDE = "difference not significant"
VERDICT_FEW = f"fewer than {MIN_SEEDS} seeds"
VERDICT_NONE = "not measured"
VERDICT_FLAT = "no spread between seeds"
"""All differences are the same number, as on tiny studies: an interval without width is no evidence."""


def baseline_arm(frame: pd.DataFrame) -> str | None:
    """The arm ``uniform`` if its strategy is that, else the first arm with that strategy; None if there is none.

    The name goes first so that the answer does not depend on the order of the runs.
    """
    found = frame.loc[frame["strategy"] == BASELINE_STRATEGY, "arm"]
    if found.empty:
        return None
    return BASELINE_STRATEGY if (found == BASELINE_STRATEGY).any() else str(found.iloc[0])


def per_seed(values: pd.DataFrame, keys: Sequence[str], *, columns: Sequence[str] = ("value",)) -> pd.DataFrame:
    """One row per ``keys``, arm and seed, in order of appearance: means of ``columns``."""
    grouped = values.groupby([*keys, "arm", "seed"], sort=False, observed=True)
    return grouped[list(columns)].mean().reset_index().astype({"arm": "str"})


def pair_up(
    values: pd.DataFrame,
    keys: Sequence[str] = CELL_KEYS,
    *,
    baseline: str | None,
    columns: Sequence[str] = ("value",),
    how: Literal["left", "inner"] = "left",
) -> pd.DataFrame:
    """Every other arm's values beside the baseline's of the same ``keys`` and seed.

    Args:
        values: long: ``keys``, ``arm, seed`` and ``columns``.
        keys: columns, beside the seed, in which a pair agrees.
        baseline: its arm; None if there is nothing to compare with, and then there are no pairs.
        columns: what is paired.
        how: ``inner`` leaves out seeds that the baseline lacks; ``left`` keeps them with NaN.

    Returns:
        ``keys``, ``arm, seed, baseline`` and, for each column ``c``, ``arm_<c>`` and ``baseline_<c>``.
    """
    means = per_seed(values, keys, columns=columns)
    reference = means[means["arm"] == baseline].drop(columns="arm")
    others = means[means["arm"] != baseline] if baseline is not None else means.iloc[:0]
    others = others.rename(columns={name: f"arm_{name}" for name in columns})
    reference = reference.rename(columns={name: f"baseline_{name}" for name in columns})
    return others.merge(reference, on=[*keys, "seed"], how=how).assign(baseline=baseline)


def pairs_of(values: pd.DataFrame, arm: str, *, baseline: str) -> pd.DataFrame:
    """``pair_up`` of one arm, by model, budget and seed, where both values are known."""
    pairs = pair_up(values, baseline=baseline)
    return pairs[pairs["arm"] == arm].dropna(subset=["arm_value", "baseline_value"])


def by_seed(sides: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Values that need not be of one cell, side by side: one row per seed, one column per side, NaN where missing.

    Args:
        sides: of each side rows with ``seed`` and ``value``.
    """
    return pd.concat({name: rows.groupby("seed")["value"].mean() for name, rows in sides.items()}, axis=1)


def first_run(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the first of several runs."""
    return rows[rows["run_id"] == rows["run_id"].iloc[0]] if len(rows) else rows


def log_ratios(above: "pd.Series[float]", below: "pd.Series[float]") -> "pd.Series[float]":
    """Logarithms of the ratios of paired amounts; pairs of which one is not known or not positive are left out."""
    both = (above > 0) & (below > 0)
    return pd.Series(np.log(above[both] / below[both]))


def ratio_interval(logs: "pd.Series[float]") -> Interval:
    """Geometric mean of ratios with its 95% t-interval, which is Student's on the logarithms."""
    found = mean_interval(logs)
    mean, low, high = (float(np.exp(value)) for value in (found.mean, found.low, found.high))
    return Interval(mean=mean, low=low, high=high, num=found.num)


def compare_pairs(pairs: pd.DataFrame, *, other: str = "baseline") -> dict[str, object]:
    """Summary of a metric that two arms have for the same seeds.

    Args:
        pairs: ``arm_value`` and ``<other>_value``, one row per seed; rows that lack one of them do not count.
        other: what the second is called.

    Returns:
        ``num_seeds, arm_mean, <other>_mean, difference, ci_low, ci_high, verdict``.
    """
    valid = pairs.dropna(subset=["arm_value", f"{other}_value"])
    found = paired_difference(valid["arm_value"], valid[f"{other}_value"])
    return {
        "num_seeds": found.num,
        "arm_mean": valid["arm_value"].mean(),
        f"{other}_mean": valid[f"{other}_value"].mean(),
        "difference": found.mean,
        "ci_low": found.low,
        "ci_high": found.high,
        "verdict": verdict(found),
    }


def verdict(difference: Interval) -> str:
    """What an interval allows to be said; a difference is not significant where its 95% interval holds zero."""
    if difference.num == 0:
        return VERDICT_NONE
    if difference.num < MIN_SEEDS:
        return VERDICT_FEW
    if difference.high - difference.low < ROUNDING:
        return VERDICT_FLAT
    return VERDICT_CLEAR if difference.low > 0 or difference.high < 0 else VERDICT_INSIDE
