"""Rollouts per prompt by success rate, in classes that are finer towards the ends. ``_P`` = visits."""

import numpy as np

from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.simulation.drawing import Visits

EDGES = (0.01, 0.02, 0.05, *(tenth / 10 for tenth in range(1, 10)), 0.95, 0.98, 0.99)
"""Borders inside the unit interval; a rate on a border belongs to the class above it."""

LABELS = ("?", "0", *(f"{edge:g}" for edge in EDGES), "<1", "1")
"""Classes: unknown, exactly 0, up to each border, up to 1, exactly 1."""


def rate_class(rate_P: FloatArray) -> IntArray:
    """Position in `LABELS` of each rate; [P]."""
    interior_P = 2 + np.digitize(np.nan_to_num(rate_P), EDGES)
    classes_P = np.select([np.isnan(rate_P), rate_P <= 0.0, rate_P >= 1.0], [0, 1, len(LABELS) - 1], interior_P)
    return np.asarray(classes_P, dtype=np.int64)


def allocation_rows(visits: Visits) -> list[dict[str, float | str]]:
    """Who got how much: one row per kind of rate and class that occurs.

    Columns: ``rate`` (``true`` or ``believed``), ``position`` and ``label`` of the class, ``num_visits``, mean, 10th
    and 90th percentile and maximum of the rollouts, and ``share`` of all rollouts.
    """
    rows: list[dict[str, float | str]] = []
    for kind, rate_P in (("believed", visits.p_belief_P), ("true", visits.p_true_P)):
        class_P = rate_class(rate_P)
        for position in np.unique(class_P).tolist():
            counts = visits.counts_P[class_P == position]
            low, high = np.percentile(counts, (10, 90))
            rows.append(
                {
                    "rate": kind,
                    "position": position,
                    "label": LABELS[position],
                    "num_visits": len(counts),
                    "mean_rollouts": float(counts.mean()),
                    "p10_rollouts": float(low),
                    "p90_rollouts": float(high),
                    "max_rollouts": int(counts.max()),
                    "share": float(counts.sum() / visits.counts_P.sum()),
                }
            )
    return rows
