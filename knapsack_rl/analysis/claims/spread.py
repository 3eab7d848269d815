"""Spread between seeds within cells: what a study's number of seeds is planned by."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.schemas import CELL_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Spread between seeds within cells.

    Example: ``Within(variance=2.5e-4, free=8, num_cells=4)``.
    """

    variance: float
    """Of one cell's value, pooled over cells."""
    free: int
    """Degrees of freedom of that."""
    num_cells: int
    """Cells that a seed's value is the mean of."""

    @property
    def spread(self) -> float:
        """Standard deviation of a seed's value: three seed means may lie close together by chance, C cells less so."""
        return float(np.sqrt(self.variance / self.num_cells))


def within_cells(block: pd.DataFrame) -> Within | None:
    """Of ``model, budget, seed, value`` with the same seeds in every cell; None for a single seed."""
    variances = block.groupby(list(CELL_KEYS))["value"].var(ddof=1)
    free = len(block) - len(variances)
    return Within(variance=float(variances.mean()), free=free, num_cells=len(variances)) if free else None
