"""Two arms compared within a seed: which arm is the baseline, the paired difference, and what its interval says."""

import pandas as pd

from knapsack_rl.analysis.inference.stats import MIN_SEEDS, Interval, paired_difference

BASELINE_STRATEGY = "uniform"
VERDICT_CLEAR = "interval excludes zero"
VERDICT_INSIDE = "inside the interval"
VERDICT_FEW = f"fewer than {MIN_SEEDS} seeds"
VERDICT_NONE = "not measured"

VERDICT_FLAT = "no spread between seeds"
"""All differences are the same number, as on tiny studies: an interval without width is no evidence."""

ROUNDING = 1e-12


def verdict(difference: Interval) -> str:
    """What an interval allows to be said: a difference inside its interval is called that."""
    if difference.num == 0:
        return VERDICT_NONE
    if difference.num < MIN_SEEDS:
        return VERDICT_FEW
    if difference.high - difference.low < ROUNDING:
        return VERDICT_FLAT
    return VERDICT_CLEAR if difference.low > 0 or difference.high < 0 else VERDICT_INSIDE


def baseline_arm(frame: pd.DataFrame) -> str | None:
    """The arm ``uniform`` if its strategy is that, else the first arm with that strategy; None if there is none.

    The name goes first so that the answer does not depend on the order of the runs.
    """
    found = frame.loc[frame["strategy"] == BASELINE_STRATEGY, "arm"]
    if found.empty:
        return None
    return BASELINE_STRATEGY if (found == BASELINE_STRATEGY).any() else str(found.iloc[0])


def compare_pairs(pairs: pd.DataFrame, *, other: str) -> dict[str, object]:
    """Summary of a metric that two arms have for the same seeds.

    Args:
        pairs: ``arm_value`` and ``<other>_value``, one row per seed; rows that lack one of them do not count.
        other: what the second is called, e.g. ``baseline``.

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
