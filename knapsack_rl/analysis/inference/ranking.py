"""Which arm is first, and how sure that is: ranks over draws of the replicates' noise.

A bootstrap of whole replicates is too sure at three (`python benchmarks/rank_coverage.py`, docs/statistics.md). What is
resampled here are the residuals of the additive layout arm + replicate, whose spread thirty arms know together and one
arm's three values do not. Shapes: ``_SA`` replicates x arms, ``_DA`` draws x arms, ``_R`` residuals.
"""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.inference.stats import CONFIDENCE, MIN_SEEDS
from knapsack_rl.base.arrays import FloatArray

NUM_DRAWS = 4000


def rank_uncertainty(values_SA: pd.DataFrame, estimate_A: "pd.Series[float]", *, seed: int = 0) -> pd.DataFrame:
    """Rank of each arm by its estimate, with the share of draws in which it is first and the interval of its rank.

    A draw adds to each arm's estimate the mean of as many pooled residuals as the arm has replicates. That takes the
    noise of an arm within a replicate to be independent of the other arms', and equally large for all of them.

    Args:
        values_SA: the score of every arm in every replicate, NaN where it was not run.
        estimate_A: what arms are ranked by, the highest first, by arm; NaN is not ranked.
        seed: of the draws.

    Returns:
        Indexed as ``estimate_A``: ``rank`` (1 is best), ``rank_low, rank_high`` (95% interval) and ``first``. The last
        three are NaN with fewer than two arms, or with fewer than ``MIN_SEEDS`` replicates of any of them.
    """
    ranked = estimate_A.dropna()
    table = pd.DataFrame(np.nan, index=estimate_A.index, columns=["rank", "rank_low", "rank_high", "first"])
    table.loc[ranked.index, "rank"] = ranked.rank(ascending=False, method="min")
    count_A = values_SA[ranked.index].notna().sum()
    if len(ranked) < 2 or count_A.min() < MIN_SEEDS:  # noqa: PLR2004 - one arm has no rank among others
        return table
    draws_DA = ranked.to_numpy() + _noise(values_SA, count_A.to_numpy(), rng=np.random.default_rng(seed))
    rank_DA = (-draws_DA).argsort(axis=1).argsort(axis=1) + 1
    tail = (1 - CONFIDENCE) / 2
    low_A, high_A = np.quantile(rank_DA, [tail, 1 - tail], axis=0, method="inverted_cdf")
    found = {"rank_low": low_A, "rank_high": high_A, "first": (rank_DA == 1).mean(axis=0)}
    table.loc[ranked.index, list(found)] = np.column_stack(list(found.values()))
    return table


def _noise(values_SA: pd.DataFrame, count_A: FloatArray, *, rng: np.random.Generator) -> FloatArray:
    """Means of ``count_A`` resampled residuals by draw and arm."""
    residual_R = _residuals(values_SA)
    columns = [rng.choice(residual_R, size=(NUM_DRAWS, int(count))).mean(axis=1) for count in count_A]
    return np.column_stack(columns)


def _residuals(values_SA: pd.DataFrame) -> FloatArray:
    """Residuals of arm and replicate effects, scaled up to the spread of the noise by their degrees of freedom.

    Where arms have unequal replicates the two effects are taken out in turn until nothing is left of either.
    """
    left_SA = values_SA.dropna(axis=1, how="all").dropna(axis=0, how="all").to_numpy(dtype=np.float64, copy=True)
    for _ in range(50):
        left_SA -= np.nanmean(left_SA, axis=0, keepdims=True)
        left_SA -= np.nanmean(left_SA, axis=1, keepdims=True)
    residual_R = left_SA[~np.isnan(left_SA)]
    free = residual_R.size - sum(left_SA.shape) + 1
    return np.asarray(residual_R * np.sqrt(residual_R.size / max(free, 1)))
