"""Final accuracy over replicates, with interquartile means and the probability of improvement."""

import pandas as pd

from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.pairs import baseline_arm, compare_pairs, pair_up
from knapsack_rl.analysis.inference.replicates import (
    improved_share,
    improvement_interval,
    interquartile_mean,
    probability_of_improvement,
    studentised_interval,
)
from knapsack_rl.analysis.measures.benchmarks import AVERAGE, score_values

COLUMNS = [
    *(*CELL_KEYS, "arm", "baseline", "num_seeds", "arm_mean", "baseline_mean", "difference", "ci_low", "ci_high"),
    *("verdict", "bootstrap_low", "bootstrap_high", "arm_iqm", "baseline_iqm", "difference_iqm"),
    *("improvement", "improvement_low", "improvement_high"),
    *("improved", "improved_low", "improved_high"),
]


def replicates_table(frames: StudyFrames) -> pd.DataFrame:
    """Every other arm against the baseline, in average accuracy at the checkpoint of ``final_scores``.

    Returns:
        ``COLUMNS``. ``ci_*``: paired t. ``bootstrap_*``: see ``studentised_interval``. ``improvement``: chance that
        the arm in one replicate beats the baseline in any (rliable's), with ``improvement_interval``. ``improved``:
        share of replicates in which the arm beats the baseline of the same replicate, with its exact interval. Empty
        without a baseline.
    """
    baseline = baseline_arm(frames.steps)
    scores = score_values(frames.evals)
    scores = scores[scores["metric"] == f"accuracy/{AVERAGE}"]
    pairs = pair_up(scores, baseline=baseline, how="inner").dropna(subset=["arm_value", "baseline_value"])
    keys = [*CELL_KEYS, "arm", "baseline"]
    rows = [
        {**dict(zip(keys, key, strict=True)), **compare_pairs(of_arm), **_beside(of_arm)}
        for key, of_arm in pairs.groupby(keys, sort=False)
    ]
    return in_grid_order(pd.DataFrame(rows, columns=COLUMNS), frames.steps).astype({"num_seeds": "Int64"})


def _beside(pairs: pd.DataFrame) -> dict[str, float]:
    arm_S, baseline_S = pairs["arm_value"].to_numpy(), pairs["baseline_value"].to_numpy()
    low, high = studentised_interval(arm_S - baseline_S)
    chance_low, chance_high = improvement_interval(arm_S, baseline_S)
    share, share_low, share_high = improved_share(arm_S - baseline_S)
    return {
        "bootstrap_low": low,
        "bootstrap_high": high,
        "arm_iqm": interquartile_mean(arm_S),
        "baseline_iqm": interquartile_mean(baseline_S),
        "difference_iqm": interquartile_mean(arm_S - baseline_S),
        "improvement": probability_of_improvement(arm_S, baseline_S),
        "improvement_low": chance_low,
        "improvement_high": chance_high,
        "improved": share,
        "improved_low": share_low,
        "improved_high": share_high,
    }
