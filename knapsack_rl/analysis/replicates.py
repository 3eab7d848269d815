"""Final accuracy over replicates beside what the field reads: interquartile means and the probability of improvement.

Definitions of rliable (Agarwal et al. 2021, arXiv 2108.13264) for one task: a cell. Intervals are only those that hold
at few replicates; a percentile bootstrap of a mean does not (benchmarks/coverage.py).
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from knapsack_rl.analysis.benchmarks import AVERAGE
from knapsack_rl.analysis.differences import baseline_arm, compare_pairs, score_values
from knapsack_rl.analysis.frames import CELL_KEYS, StudyFrames, in_grid_order
from knapsack_rl.analysis.stats import CONFIDENCE, FloatArray

MIN_BOOTSTRAP = 6
"""With fewer replicates a resample too often repeats one value, and its spread says nothing."""

NUM_RESAMPLES = 1999
CUT = 0.25
"""Share that an interquartile mean leaves out at either end."""

COLUMNS = [
    *(*CELL_KEYS, "arm", "baseline", "num_seeds", "arm_mean", "baseline_mean", "difference", "ci_low", "ci_high"),
    *("verdict", "bootstrap_low", "bootstrap_high", "arm_iqm", "baseline_iqm", "difference_iqm"),
    *("improvement", "improved", "improved_low", "improved_high"),
]


def replicates_table(frames: StudyFrames) -> pd.DataFrame:
    """Every other arm against the baseline, in average accuracy at the cell's last shared checkpoint.

    Returns:
        ``COLUMNS``. ``ci_*``: paired t. ``bootstrap_*``: see ``studentised_interval``. ``improvement``: chance that
        the arm in one replicate beats the baseline in any (rliable's). ``improved``: share of replicates in which the
        arm beats the baseline of the same replicate, with its exact interval. Empty without a baseline.
    """
    baseline = baseline_arm(frames.steps)
    scores = score_values(frames.evals)
    scores = scores[scores["metric"] == f"accuracy/{AVERAGE}"]
    rows = []
    for (model, budget), cell in scores.groupby(list(CELL_KEYS), sort=False, observed=True):
        values = cell.pivot_table(index="seed", columns="arm", values="value", sort=False, observed=True)
        for arm in values.columns if baseline in values else ():
            if arm != baseline:
                pairs = values[[arm, baseline]].dropna().set_axis(["arm_value", "baseline_value"], axis=1)
                key = {"model": model, "budget": budget, "arm": arm, "baseline": baseline}
                rows.append({**key, **compare_pairs(pairs, other="baseline"), **_beside(pairs)})
    return in_grid_order(pd.DataFrame(rows, columns=COLUMNS), frames.steps).astype({"num_seeds": "Int64"})


def _beside(pairs: pd.DataFrame) -> dict[str, float]:
    arm_S, baseline_S = pairs["arm_value"].to_numpy(), pairs["baseline_value"].to_numpy()
    low, high = studentised_interval(arm_S - baseline_S)
    share, share_low, share_high = improved_share(arm_S - baseline_S)
    return {
        "bootstrap_low": low,
        "bootstrap_high": high,
        "arm_iqm": interquartile_mean(arm_S),
        "baseline_iqm": interquartile_mean(baseline_S),
        "difference_iqm": interquartile_mean(arm_S - baseline_S),
        "improvement": probability_of_improvement(arm_S, baseline_S),
        "improved": share,
        "improved_low": share_low,
        "improved_high": share_high,
    }


def interquartile_mean(values_S: ArrayLike) -> float:
    """Mean of the values without the lowest and highest quarter, their number rounded down; NaN of none."""
    values = np.asarray(values_S, dtype=np.float64)
    return float(stats.trim_mean(values, CUT)) if values.size else np.nan


def probability_of_improvement(treated_S: ArrayLike, baseline_S: ArrayLike) -> float:
    """Share of all pairs, one value of each, in which ``treated`` is higher; an equal pair counts as one half."""
    treated, baseline = np.asarray(treated_S, dtype=np.float64), np.asarray(baseline_S, dtype=np.float64)
    if not treated.size or not baseline.size:
        return np.nan
    return float((np.sign(np.subtract.outer(treated, baseline)) + 1).mean() / 2)


def improved_share(difference_S: ArrayLike) -> tuple[float, float, float]:
    """Share of positive differences among those that are not zero, with its 95% Clopper-Pearson interval."""
    difference = np.asarray(difference_S, dtype=np.float64)
    moved = int(np.count_nonzero(difference))
    if not moved:
        return np.nan, np.nan, np.nan
    found = stats.binomtest(int((difference > 0).sum()), moved).proportion_ci(CONFIDENCE, method="exact")
    return float((difference > 0).sum() / moved), float(found.low), float(found.high)


def studentised_interval(values_S: ArrayLike, *, seed: int = 0) -> tuple[float, float]:
    """95% bootstrap-t interval of a mean (Efron & Tibshirani 1993, section 12.5): each resample by its own spread.

    Returns:
        NaN for fewer than ``MIN_BOOTSTRAP`` values, or values without a spread.
    """
    values: FloatArray = np.asarray(values_S, dtype=np.float64)
    if values.size < MIN_BOOTSTRAP or np.ptp(values) == 0:
        return np.nan, np.nan
    drawn = values[np.random.default_rng(seed).integers(0, values.size, (NUM_RESAMPLES, values.size))]
    spread, shift = drawn.std(axis=1, ddof=1), drawn.mean(axis=1) - values.mean()
    # A resample of one value only lies infinitely far out in its own spreads.
    far = np.where(shift == 0, 0.0, np.copysign(np.inf, shift))
    scaled = np.divide(shift, spread, out=far, where=spread > 0)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(scaled, [tail, 1 - tail], method="inverted_cdf")
    std = values.std(ddof=1)
    return float(values.mean() - high * std), float(values.mean() - low * std)
