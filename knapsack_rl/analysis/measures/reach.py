"""Compute to reach: what an arm spends until a given accuracy, and the ratio to uniform allocation ("2x").

The target is one that every compared run of the cell has reached, so nothing is extrapolated and no run drops out for
being slow.
"""

from collections.abc import Sequence

import pandas as pd

from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.pairs import first_run
from knapsack_rl.analysis.measures.accuracy_curves import accuracy_curves, first_reached
from knapsack_rl.analysis.measures.spent import SPENT

LEVELS = (0.5, 0.75, 1.0)
"""Targets, as shares of the way from the base model to the highest accuracy that every compared run has reached."""


def reach_values(
    frames: StudyFrames, arm: str, *, baseline: str, levels: Sequence[float] = LEVELS, axes: Sequence[str] = SPENT
) -> pd.DataFrame:
    """What the runs of ``arm`` and of ``baseline`` spent until each target, one row per cell, seed, level and axis.

    The highest target of a cell is the lowest, over its runs of both arms, of the best accuracy of a run. A curve is
    linear between checkpoints; the first crossing counts.

    Returns:
        ``model, budget, seed, level, target, axis, arm_value, baseline_value``; empty for a cell in which a run
        never rises above the base model.
    """
    curves = accuracy_curves(frames)
    curves = curves[curves["arm"].isin([arm, baseline])]
    rows = [
        {**dict(zip((*CELL_KEYS, "seed"), (*cell, seed), strict=True)), **row}
        for cell, of_cell in curves.groupby(list(CELL_KEYS), sort=False)
        for level, target in _targets(of_cell, levels)
        for seed, of_seed in of_cell.groupby("seed", sort=False)
        for row in _reached(of_seed, level=level, target=target, pair=(arm, baseline), axes=axes)
    ]
    columns = [*CELL_KEYS, "seed", "level", "target", "axis", "arm_value", "baseline_value"]
    return pd.DataFrame(rows, columns=columns)


def _targets(curves: pd.DataFrame, levels: Sequence[float]) -> list[tuple[float, float]]:
    by_run = curves.groupby("run_id", sort=False)["accuracy"]
    base, top = float(by_run.first().mean()), float(by_run.max().min())
    # Rounding must not lift a target over what the slowest run has reached: it would drop out, and its cell with it.
    return [(level, min(base + level * (top - base), top)) for level in levels] if top > base else []


def _reached(
    curves: pd.DataFrame, *, level: float, target: float, pair: tuple[str, str], axes: Sequence[str]
) -> list[dict[str, object]]:
    found = {
        name: {axis: first_reached(target, xs=rows[axis], ys=rows["accuracy"]) for axis in axes}
        for name, rows in ((name, first_run(curves[curves["arm"] == name])) for name in pair)
    }
    arm, baseline = pair
    return [
        {
            "level": level,
            "target": target,
            "axis": axis,
            "arm_value": found[arm][axis],
            "baseline_value": found[baseline][axis],
        }
        for axis in axes
    ]
