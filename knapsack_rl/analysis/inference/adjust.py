"""P-values of paired differences, and their adjustment for how many were tested."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.multitest import multipletests

from knapsack_rl.analysis.inference.stats import MIN_SEEDS, ROUNDING


def paired_p_value(treated_S: ArrayLike, baseline_S: ArrayLike) -> float:
    """Two-sided p-value of Student's paired t-test, which goes with the t-interval of a difference.

    Args:
        treated_S: one value per replicate.
        baseline_S: the same replicates in the same order; a pair with a NaN is left out.

    Returns:
        NaN for fewer than ``MIN_SEEDS`` pairs, and for differences without a spread.
    """
    difference_S = np.asarray(treated_S, dtype=np.float64) - np.asarray(baseline_S, dtype=np.float64)
    difference_S = difference_S[~np.isnan(difference_S)]
    if difference_S.size < MIN_SEEDS or np.ptp(difference_S) < ROUNDING:
        return float("nan")
    return float(stats.ttest_1samp(difference_S, 0.0).pvalue)


def holm(p_values: "pd.Series[float]") -> "pd.Series[float]":
    """The p-values adjusted by Holm's step-down method over those that are known; NaN stays NaN and is not counted."""
    tested = p_values.notna()
    adjusted = pd.Series(np.nan, index=p_values.index)
    if tested.any():
        adjusted[tested] = multipletests(p_values[tested], method="holm")[1]
    return adjusted
