"""Statistics over replicates: interquartile mean, probability of improvement, bootstrap interval.

Definitions of rliable (Agarwal et al. 2021, arXiv 2108.13264) for one task: a cell. Intervals are only those that hold
at few replicates; a percentile bootstrap of a mean does not (benchmarks/coverage.py).
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from knapsack_rl.analysis.inference.stats import CONFIDENCE
from knapsack_rl.base.arrays import FloatArray

MIN_BOOTSTRAP = 6
"""With fewer replicates a resample too often repeats one value, and its spread says nothing."""

NUM_RESAMPLES = 1999

CUT = 0.25
"""Share that an interquartile mean leaves out at either end."""


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


def improvement_interval(treated_S: ArrayLike, baseline_S: ArrayLike) -> tuple[float, float]:
    """95% interval of the probability of improvement of paired replicates: jackknife over pairs, on the logit scale.

    Leaving out a whole replicate at a time keeps the pairing, which a bootstrap over either arm alone would lose.

    Returns:
        NaN for fewer than ``MIN_BOOTSTRAP`` replicates, and for a probability of 0 or 1, which has no spread to judge
        by.
    """
    treated, baseline = np.asarray(treated_S, dtype=np.float64), np.asarray(baseline_S, dtype=np.float64)
    num = treated.size
    if num < MIN_BOOTSTRAP or num != baseline.size:
        return np.nan, np.nan
    wins_SS = (np.sign(np.subtract.outer(treated, baseline)) + 1) / 2
    without_S = (wins_SS.sum() - wins_SS.sum(0) - wins_SS.sum(1) + np.diag(wins_SS)) / (num - 1) ** 2
    share = float(wins_SS.mean())
    error = float(np.sqrt((num - 1) / num * ((without_S - without_S.mean()) ** 2).sum()))
    if share in {0.0, 1.0} or error == 0:
        return np.nan, np.nan
    half = stats.norm.ppf((1 + CONFIDENCE) / 2) * error / (share * (1 - share))
    low, high = special.expit(special.logit(share) + np.array([-half, half]))
    return float(low), float(high)


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
