"""What a measure hands to the judge: samples over seeds, an exact number, or what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames import CELL_KEYS
from knapsack_rl.analysis.stats import FloatArray


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


def over_seeds(values: pd.DataFrame, *, runs_per_value: int = 1, label: str = "") -> Sample:
    """One value per seed: the mean over cells, so that a seed counts once however many models and budgets there are.

    Cells that lack seeds which others have are left out, and so are seeds that not all kept cells share: otherwise a
    seed would stand for a different mix of cells than the next one.

    Args:
        values: ``model, budget, seed, value``; rows whose value is not a finite number are dropped.
        runs_per_value: training runs behind one row.
        label: see ``Sample``.
    """
    known = values[np.isfinite(values["value"].astype(float))]
    per_cell = known.groupby([*CELL_KEYS, "seed"])["value"].mean().reset_index()
    num_seeds = per_cell.groupby(list(CELL_KEYS))["seed"].transform("nunique")
    kept = per_cell[num_seeds == num_seeds.max()]
    num_cells = kept.groupby("seed")["value"].transform("size")
    kept = kept[num_cells == kept.groupby(list(CELL_KEYS)).ngroups]
    by_seed = kept.groupby("seed")["value"].mean()
    return Sample(values_S=by_seed.to_numpy(dtype=np.float64), num_runs=len(kept) * runs_per_value, label=label)


def pair_up(values: pd.DataFrame, arm: str, *, baseline: str) -> pd.DataFrame:
    """Values of two arms side by side, matched by model, budget and seed.

    Args:
        values: ``model, budget, arm, seed, value``; a seed repeated within an arm is averaged.
        arm: goes to ``arm_value``.
        baseline: goes to ``baseline_value``.
    """
    keys = [*CELL_KEYS, "seed"]
    means = values.groupby([*keys, "arm"], sort=False)["value"].mean().unstack("arm")  # noqa: PD010 - no aggregation
    means = means.reindex(columns=[arm, baseline]).dropna()
    means.columns = pd.Index(["arm_value", "baseline_value"])
    return means.reset_index()


def one(values: pd.DataFrame, *, runs_per_value: int = 1, counts: bool = False) -> Evidence:
    """Evidence of a single sample over seeds."""
    return Evidence(samples=(over_seeds(values, runs_per_value=runs_per_value),), counts=counts)


def many(samples: Sequence[Sample], *, quantifier: Literal["every", "some"]) -> Evidence:
    """Evidence of a family of samples."""
    return Evidence(samples=tuple(samples), quantifier=quantifier)
