"""Averages with honest intervals. ``_S`` = seeds, ``_Q`` = problems of a benchmark.

Seeds are the unit of replication: arms of a cell share seeds (prompt order and sampling noise), so differences are
taken within a seed and their interval is Student's t over seeds. A bootstrap over problems speaks of one run only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from knapsack_rl.base.arrays import FloatArray, IntArray

CONFIDENCE = 0.95

BATCH = 100
"""Resamples drawn at once."""

MIN_SEEDS = 3
"""Fewer seeds give a point and no interval: two differences say next to nothing about their spread."""

ROUNDING = 1e-12
"""Below it, numbers that should be equal differ by what floating point, or writing them to a file, leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean with its interval.

    Example: ``Interval(mean=0.02, low=-0.01, high=0.05, num=3)``.
    """

    mean: float
    """NaN when there is nothing to average."""
    low: float
    """NaN when there are too few values for an interval."""
    high: float
    num: int
    """Values averaged."""


def half_width(std: ArrayLike, num: ArrayLike) -> FloatArray:
    """Half the 95% t-interval of a mean: ``t_{0.975, n-1} * s / sqrt(n)``, elementwise; NaN below three values.

    Args:
        std: sample standard deviation (divisor n - 1).
        num: number of values n.
    """
    counts = np.asarray(num, dtype=np.float64)
    enough = counts >= MIN_SEEDS
    safe = np.where(enough, counts, MIN_SEEDS)
    width = stats.t.ppf((1 + CONFIDENCE) / 2, safe - 1) * np.asarray(std, dtype=np.float64) / np.sqrt(safe)
    return np.where(enough, width, np.nan)


def mean_interval(values_S: ArrayLike) -> Interval:
    """Mean over seeds with its 95% t-interval; NaN values are left out and not counted."""
    known_S = np.asarray(values_S, dtype=np.float64)
    known_S = known_S[~np.isnan(known_S)]
    if known_S.size == 0:
        return Interval(mean=np.nan, low=np.nan, high=np.nan, num=0)
    mean = float(known_S.mean())
    std = known_S.std(ddof=1) if known_S.size > 1 else np.nan
    half = float(half_width(std, known_S.size))
    return Interval(mean=mean, low=mean - half, high=mean + half, num=int(known_S.size))


def paired_difference(treated_S: ArrayLike, baseline_S: ArrayLike) -> Interval:
    """Mean of ``treated - baseline`` with its 95% t-interval.

    Args:
        treated_S: one value per seed.
        baseline_S: the same seeds in the same order; a pair with a NaN is left out.

    Raises:
        ValueError: the vectors differ in length, so they cannot be aligned by seed.
    """
    treated, baseline = np.asarray(treated_S, dtype=np.float64), np.asarray(baseline_S, dtype=np.float64)
    if treated.shape != baseline.shape:
        raise ValueError(f"{treated.size} and {baseline.size} values cannot be paired; align them by seed")
    return mean_interval(treated - baseline)


def seed_means(frame: pd.DataFrame, by: Sequence[str], *, values: Sequence[str]) -> pd.DataFrame:
    """Mean over seeds of each column in ``values``, with t-intervals.

    Args:
        frame: one row per seed within each group of ``by``; needs a ``seed`` column. Rows of an equal seed are
            averaged first, so that one seed counts once.
        by: columns that name a group.
        values: columns to average; NaN values are left out.

    Returns:
        ``by``, ``num_seeds`` and, for every value ``v``, ``v``, ``v_low`` and ``v_high``; groups keep their order.
    """
    keys, columns = list(by), list(values)
    per_seed = frame.groupby([*keys, "seed"], sort=False)[columns].mean().reset_index()
    groups = per_seed.groupby(keys, sort=False)
    result = groups["seed"].nunique().rename("num_seeds").to_frame()
    for column in columns:
        mean = groups[column].mean()
        half = half_width(groups[column].std(ddof=1), groups[column].count())
        result = result.assign(**{column: mean, f"{column}_low": mean - half, f"{column}_high": mean + half})
    return result.reset_index()


def avg_at_k(num_correct_Q: ArrayLike, num_samples_Q: ArrayLike) -> FloatArray:
    """Share of right samples per problem; its mean over problems is avg@k, which is also the unbiased pass@1."""
    return np.asarray(num_correct_Q, dtype=np.float64) / np.asarray(num_samples_Q, dtype=np.float64)


def pass_at_k(num_correct_Q: ArrayLike, num_samples_Q: ArrayLike, *, k: int) -> FloatArray:
    """Unbiased probability that at least one of ``k`` samples is right, per problem.

    ``1 - C(n - c, k) / C(n, k)`` for c right among n samples (Chen et al. 2021, arXiv 2107.03374v2, section 2.1). It
    is 0 for c = 0 and 1 as soon as n - c < k.

    Args:
        num_correct_Q: right samples c per problem.  [Q]
        num_samples_Q: samples n per problem.  [Q]
        k: samples drawn without replacement; at least 1.

    Raises:
        ValueError: a problem has fewer than ``k`` samples.
    """
    correct_Q, samples_Q = np.broadcast_arrays(np.asarray(num_correct_Q), np.asarray(num_samples_Q))
    if k < 1 or (samples_Q < k).any():
        raise ValueError(f"pass@{k} needs at least {max(k, 1)} samples per problem, found {samples_Q.min(initial=k)}")
    all_wrong_Q = np.ones(correct_Q.shape)
    for offset in range(k):
        # C(n - c, k) / C(n, k) = prod_{j < k} (n - c - j) / (n - j): no factorials, every factor in 0..1.
        all_wrong_Q *= np.clip(samples_Q - correct_Q - offset, 0, None) / (samples_Q - offset)
    return 1.0 - all_wrong_Q


def bootstrap_over_problems(scores: Sequence[FloatArray], *, num_resamples: int = 1000, seed: int = 0) -> Interval:
    """Mean over benchmarks of one run with a 95% percentile bootstrap: within one run, over problems.

    Problems are resampled within each benchmark. The interval says how much the number depends on the choice of
    problems; it says nothing about another training seed.

    Args:
        scores: per benchmark one score per problem.  [benchmark][Q]
        num_resamples: bootstrap samples.
        seed: of the resampling.

    Returns:
        ``num`` counts problems; no interval if a benchmark has fewer than two.
    """
    num = sum(score_Q.size for score_Q in scores)
    if not scores or min(score_Q.size for score_Q in scores) == 0:
        return Interval(mean=np.nan, low=np.nan, high=np.nan, num=num)
    mean = float(np.mean([score_Q.mean() for score_Q in scores]))
    if min(score_Q.size for score_Q in scores) < 2:  # noqa: PLR2004 - resampling one problem gives that problem
        return Interval(mean=mean, low=np.nan, high=np.nan, num=num)
    drawn = resamples(tuple(score_Q.size for score_Q in scores), num_resamples=num_resamples, seed=seed)
    means_RB = [score_Q[index_RQ].mean(axis=-1) for score_Q, index_RQ in zip(scores, drawn, strict=True)]
    tail = (1 - CONFIDENCE) / 2
    low, high = stats.quantile(np.mean(means_RB, axis=0), np.array([tail, 1 - tail]))
    return Interval(mean=mean, low=float(low), high=float(high), num=num)


@lru_cache(maxsize=8)
def resamples(sizes: tuple[int, ...], *, num_resamples: int, seed: int) -> tuple[IntArray, ...]:
    """Problems of every resample, by benchmark: the numbers that ``scipy.stats.bootstrap`` draws in batches of 100.

    Runs are evaluated on the same benchmarks, so all of them share one drawing.

    Returns:
        Per benchmark an array of places, [resamples][Q].
    """
    rng = np.random.default_rng(seed)
    batches = [min(BATCH, num_resamples - start) for start in range(0, num_resamples, BATCH)]
    parts = [[rng.integers(0, size, (batch, size)) for size in sizes] for batch in batches]
    return tuple(np.concatenate([part[place] for part in parts]) for place in range(len(sizes)))
