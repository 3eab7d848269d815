"""Where accuracy would end with endless compute, and at which compute it is half-way: a sigmoid per run."""

import pandas as pd

from knapsack_rl.analysis.frames.schemas import ARM_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.sigmoid import fit_sigmoid
from knapsack_rl.analysis.inference.stats import seed_means
from knapsack_rl.analysis.measures.accuracy_curves import accuracy_curves
from knapsack_rl.analysis.measures.spent import TOKENS

FITTED = ("end", "middle")


def compute_fits_table(frames: StudyFrames) -> pd.DataFrame:
    """Means over replicates of each run's own fit to its checkpoints, over generated response tokens.

    Returns:
        ``model, budget, arm, strategy, num_seeds, num_settled``, and for ``end`` (accuracy) and ``middle`` (tokens)
        mean and 95% t-interval over the runs whose fit settled. Empty when runs have too few checkpoints to fit three
        numbers.
    """
    fits = pd.DataFrame(
        [
            row
            for key, run in accuracy_curves(frames).groupby([*ARM_KEYS, "seed"], sort=False)
            for row in _fit(key, run)
        ],
        columns=[*ARM_KEYS, "seed", "settled", *FITTED],
    )
    if fits.empty:
        return pd.DataFrame(columns=[*ARM_KEYS, "num_seeds", "num_settled", *FITTED])
    counted = (
        fits.groupby(list(ARM_KEYS), sort=False)["settled"].agg(num_fitted="size", num_settled="sum").reset_index()
    )
    means = seed_means(fits[fits["settled"]], ARM_KEYS, values=list(FITTED)).drop(columns="num_seeds")
    found = counted.rename(columns={"num_fitted": "num_seeds"}).merge(means, on=list(ARM_KEYS), how="left")
    return in_grid_order(found, frames.steps)


def _fit(key: tuple[object, ...], run: pd.DataFrame) -> list[tuple[object, ...]]:
    start = run.loc[run["step"] == 0, "accuracy"]
    found = fit_sigmoid(run[TOKENS], run["accuracy"], start=float(start.iloc[0])) if len(start) else None
    return [] if found is None else [(*key, found.settled, found.end, found.middle)]
