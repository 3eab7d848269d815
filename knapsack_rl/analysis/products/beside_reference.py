"""A finished study beside the committed reference of the same study: do two sets of replicates tell the same?

Both sides are differences from uniform with 95% t-intervals over seeds, made on machines that may round differently. As
soon as one token differs, base models and runs go separate ways, so the two are taken as independent samples.
"""

import numpy as np
import pandas as pd
from scipy import stats

from knapsack_rl.analysis.inference.stats import CONFIDENCE, ROUNDING
from knapsack_rl.analysis.measures.benchmarks import AVERAGE
from knapsack_rl.base.arrays import FloatArray

METRICS = ("ratio_rollouts", "ratio_prompts", f"accuracy/{AVERAGE}")
"""Rows of the table ``differences`` that are set side by side."""

SAME = "the same numbers"
AGREE = "agree"
DIFFER = "differ"
UNKNOWN = "too few seeds"


_KEYS = ["model", "budget", "arm", "baseline", "metric"]
_ENDS = {"num_seeds": "_num_seeds", "difference": "", "ci_low": "_low", "ci_high": "_high"}

COLUMNS = [
    *_KEYS,
    *(f"{side}{end}" for side in ("yours", "reference") for end in _ENDS.values()),
    *("distance", "distance_low", "distance_high", "verdict"),
]


def beside_reference(yours: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``METRICS`` that both tables ``differences`` have, and how far apart they are.

    ``distance`` is yours minus the reference's, with Welch's 95% interval from the two standard errors; the verdict is
    ``agree`` where it reaches zero. Two sets that agree need not be equal: the interval says how far apart they may be.

    Args:
        yours: table ``differences`` of a study.
        reference: the same of the reference.

    Returns:
        ``COLUMNS``; empty where nothing is in both.
    """
    sides = [
        table.loc[table["metric"].isin(METRICS), [*_KEYS, *_ENDS]].rename(
            columns={name: f"{side}{end}" for name, end in _ENDS.items()}
        )
        for side, table in (("yours", yours), ("reference", reference))
    ]
    both = sides[0].merge(sides[1], on=_KEYS)
    half = _welch(both)
    distance = both["yours"] - both["reference"]
    both = both.assign(distance=distance, distance_low=distance - half, distance_high=distance + half)
    return both.assign(verdict=_verdicts(both))[COLUMNS]


def _welch(both: pd.DataFrame) -> "pd.Series[float]":
    """Half width of Welch's interval; NaN where a side has no interval."""
    error2, free = zip(*(_error2(both, side) for side in ("yours", "reference")), strict=True)
    total = error2[0] + error2[1]
    parts = sum(part**2 / number for part, number in zip(error2, free, strict=True))
    freedom = np.where(parts > 0, total**2 / np.where(parts > 0, parts, 1.0), 1.0)
    return pd.Series(stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * np.sqrt(total), index=both.index)


def _error2(both: pd.DataFrame, side: str) -> tuple[FloatArray, FloatArray]:
    """Squared standard error of a side's mean, out of its interval, and its degrees of freedom."""
    free = np.maximum(both[f"{side}_num_seeds"].to_numpy(dtype=np.float64) - 1, 1)
    half = (both[f"{side}_high"] - both[f"{side}_low"]).to_numpy(dtype=np.float64) / 2
    return (half / stats.t.ppf((1 + CONFIDENCE) / 2, free)) ** 2, free


def _verdicts(both: pd.DataFrame) -> list[str]:
    same = (both["distance"].abs() < ROUNDING) & (both["yours_num_seeds"] == both["reference_num_seeds"])
    reaches = (both["distance_low"] <= 0) & (both["distance_high"] >= 0)
    known = both["distance_low"].notna()
    return list(np.select([same, ~known, reaches], [SAME, UNKNOWN, AGREE], default=DIFFER))


def changed_verdicts(yours: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Claims, of two tables ``claims``, whose verdict is not the same.

    Returns:
        ``claim, budget, role, yours, reference``.
    """
    keys = ["claim", "budget", "role"]
    both = yours[[*keys, "verdict"]].merge(reference[[*keys, "verdict"]], on=keys, suffixes=("_yours", "_reference"))
    both = both.rename(columns={"verdict_yours": "yours", "verdict_reference": "reference"})
    return both[both["yours"] != both["reference"]].reset_index(drop=True)
