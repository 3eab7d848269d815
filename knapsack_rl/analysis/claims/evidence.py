"""What a measure hands to the judge: samples over seeds, an exact number, or what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from knapsack_rl.analysis.claims.spread import Within, within_cells
from knapsack_rl.analysis.frames.schemas import CELL_KEYS, RUN_KEYS
from knapsack_rl.analysis.inference.stats import MIN_SEEDS
from knapsack_rl.base.arrays import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Replicates of one number.

    Example: ``Sample(label="N = 8", values_S=np.array([0.02, 0.03, 0.01]), num_runs=6)``.
    """

    values_S: FloatArray
    """One value per seed, or per trial of a simulation.  [S]"""
    num_runs: int
    """Training runs behind the values."""
    label: str = ""
    """Which member of a family this is; empty if there is one only."""
    within: Within | None = None
    """Spread of what the values are means of; None: known from the values alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Samples, and how a claim speaks of them.

    Example: ``Evidence(samples=(sample,))``.
    """

    samples: tuple[Sample, ...]
    quantifier: Literal["every", "some"] = "every"
    """Whether the claim is about every sample or about at least one of them."""
    counts: bool = False
    """Values are bounded counts, for which all seeds may agree exactly; elsewhere no spread is no evidence."""


@dataclass(frozen=True, slots=True)
class Exact:
    """A number that follows from the formulas alone."""

    value: float


@dataclass(frozen=True, slots=True)
class Missing:
    """Why the records cannot decide, as the object of "needs"."""

    needs: str
    shows: "Evidence | None" = None
    """What can be said of the number nevertheless."""


Finding = Evidence | Exact | Missing


def per_run(rows: pd.DataFrame) -> pd.DataFrame:
    """The mean ``value`` of the rows of each run: ``RUN_KEYS, value``."""
    return rows.groupby(list(RUN_KEYS), sort=False)["value"].mean().reset_index()


def over_seeds(values: pd.DataFrame, *, runs_per_value: int = 1, label: str = "") -> Sample:
    """One value per seed: the mean over cells, so that a seed counts once however many models and budgets there are.

    Every seed stands for the same cells. Where runs are missing, cells or seeds are therefore left out: the block
    kept is the one with most values, among those with three seeds if there are any.

    Args:
        values: ``model, budget, seed, value``; rows whose value is not a finite number are dropped.
        runs_per_value: training runs behind one row.
        label: see ``Sample``.
    """
    known = values[np.isfinite(values["value"].astype(float))]
    per_cell = known.groupby([*CELL_KEYS, "seed"])["value"].mean().reset_index()
    kept = _complete_block(per_cell)
    by_seed = kept.groupby("seed")["value"].mean()
    return Sample(
        values_S=by_seed.to_numpy(dtype=np.float64),
        num_runs=len(kept) * runs_per_value,
        label=label,
        within=within_cells(kept),
    )


def _complete_block(per_cell: pd.DataFrame) -> pd.DataFrame:
    """The rows of the cells and seeds of which every combination is there; see ``over_seeds``."""
    if per_cell.empty:
        return per_cell
    of_cell = [frozenset(seeds) for _, seeds in per_cell.groupby(list(CELL_KEYS))["seed"]]
    shared = set(of_cell)
    for seeds in of_cell:  # all intersections of some cells' seeds
        shared |= {seeds & other for other in shared}

    def size(seeds: frozenset[int]) -> tuple[int, int, list[int]]:
        num_cells = sum(seeds <= mine for mine in of_cell)
        return min(len(seeds), MIN_SEEDS), len(seeds) * num_cells, sorted(seeds)

    best = max(shared, key=size)
    rows = per_cell[per_cell["seed"].isin(best)]
    complete = rows.groupby(list(CELL_KEYS))["seed"].transform("nunique") == len(best)
    return rows[complete]


def one(values: pd.DataFrame, *, runs_per_value: int = 1, counts: bool = False) -> Evidence:
    """Evidence of a single sample over seeds."""
    return Evidence(samples=(over_seeds(values, runs_per_value=runs_per_value),), counts=counts)


def many(samples: Sequence[Sample], *, quantifier: Literal["every", "some"]) -> Evidence:
    """Evidence of a family of samples."""
    return Evidence(samples=tuple(samples), quantifier=quantifier)
