"""Classes of success rates: unknown, exactly 0 and exactly 1 are kept apart from what lies between."""

import numpy as np
import pandas as pd

NUM_INTERIOR = 10
NUM_CLASSES = NUM_INTERIOR + 3
UNKNOWN, ZERO, FIRST_INTERIOR, ONE = 0, 1, 2, NUM_INTERIOR + 2

CLASS_NAMES = ("unknown", "0", *(f"{i / 10:.1f} to {(i + 1) / 10:.1f}" for i in range(NUM_INTERIOR)), "1")
"""Name of each class, by its number."""


def rate_class(rates: "pd.Series[float]") -> "pd.Series[int]":
    """Class of each rate: 0 unknown, 1 exactly 0, 2..11 tenths strictly between, 12 exactly 1.

    A rate on a border belongs to the tenth above it.
    """
    p = rates.to_numpy(dtype=np.float64)
    tenth = np.clip(np.floor(np.nan_to_num(p) * NUM_INTERIOR), 0, NUM_INTERIOR - 1).astype(int)
    classes = np.select([np.isnan(p), p <= 0, p >= 1], [UNKNOWN, ZERO, ONE], FIRST_INTERIOR + tenth)
    return pd.Series(classes, index=rates.index)
