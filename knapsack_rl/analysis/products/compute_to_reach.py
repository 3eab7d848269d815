"""Compute to reach an accuracy, and the ratio to uniform allocation ("2x")."""

import pandas as pd

from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.pairs import baseline_arm, log_ratios, ratio_interval
from knapsack_rl.analysis.measures.reach import reach_values
from knapsack_rl.analysis.measures.spent import AXES, GPU_SECONDS


def reach_table(frames: StudyFrames) -> pd.DataFrame:
    """Compute to reach a target, per cell and arm other than uniform, and the ratio uniform / arm with its interval.

    The ratio is a geometric mean over paired seeds; its 95% interval is Student's t on the logarithms. Above 1 the arm
    needs less than uniform allocation.

    Returns:
        ``model, budget, arm, baseline, level, target, axis, num_seeds, arm_mean, baseline_mean, ratio, ratio_low,
        ratio_high``.
    """
    baseline = baseline_arm(frames.steps)
    arms = [arm for arm in frames.steps["arm"].unique() if baseline and arm != baseline]
    rows = [
        {"model": model, "budget": budget, "arm": arm, "baseline": baseline, "level": level, "axis": axis}
        | _ratio(pairs)
        for arm in arms
        for (model, budget, level, axis), pairs in reach_values(frames, arm, baseline=str(baseline)).groupby(
            [*CELL_KEYS, "level", "axis"], sort=False
        )
        if axis in (*AXES, GPU_SECONDS)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return in_grid_order(table[table["num_seeds"] > 0], frames.steps).astype({"num_seeds": "Int64"})


COLUMNS = [
    *(*CELL_KEYS, "arm", "baseline", "level", "target", "axis", "num_seeds"),
    *("arm_mean", "baseline_mean", "ratio", "ratio_low", "ratio_high"),
]


def _ratio(pairs: pd.DataFrame) -> dict[str, float]:
    logs = log_ratios(pairs["baseline_value"], pairs["arm_value"])
    found, valid = ratio_interval(logs), pairs.loc[logs.index]
    return {
        "target": float(pairs["target"].iloc[0]),
        "num_seeds": found.num,
        "arm_mean": float(valid["arm_value"].mean()),
        "baseline_mean": float(valid["baseline_value"].mean()),
        "ratio": found.mean,
        "ratio_low": found.low,
        "ratio_high": found.high,
    }
