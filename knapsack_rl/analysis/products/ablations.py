"""Ablations: variants that differ in one factor, compared within a seed."""

from typing import Any

import pandas as pd

from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.ablation_pairs import ablation_pairs
from knapsack_rl.analysis.inference.pairs import by_seed, compare_pairs
from knapsack_rl.analysis.inference.periods import from_second_visit
from knapsack_rl.analysis.inference.stats import paired_difference
from knapsack_rl.analysis.measures.benchmarks import AVERAGE, score_values
from knapsack_rl.analysis.measures.ratios import mean_ratios

METRICS = (f"accuracy/{AVERAGE}", "ratio_rollouts", "ratio_prompts")

COLUMNS = [
    *("factor", "model", "arm", "value", "reference_arm", "reference", "budget", "metric", "num_seeds"),
    *("arm_mean", "reference_mean", "difference", "ci_low", "ci_high", "verdict"),
    *("uniform_arm", "gain", "gain_low", "gain_high"),
]


def ablations_table(frames: StudyFrames) -> pd.DataFrame:
    """Differences between variants that differ in one factor, each against the first such variant of the grid.

    ``difference`` is the mean over seeds of variant minus reference and ``ci_*`` its 95% t-interval (none below three
    seeds). ``gain`` is the variant minus uniform allocation with everything else the same (``uniform_arm``), and empty
    where the study has no such run. Metrics: average accuracy at the checkpoint of ``final_scores``, and both
    effective-gradient ratios from the second visit on.
    """
    ratios = mean_ratios(frames.steps, from_second_visit(frames.steps))
    values = pd.concat([score_values(frames.evals), ratios], ignore_index=True)
    rows = [
        {**pair, "metric": metric, **_compare(values[values["metric"] == metric], pair)}
        for pair in ablation_pairs(frames.runs)
        for metric in METRICS
    ]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("factor", kind="stable", ignore_index=True)


def _compare(values: pd.DataFrame, pair: dict[str, Any]) -> dict[str, object]:
    def of(side: str) -> pd.DataFrame:
        key = tuple(pair[f"{side}{name}"] for name in ("model", "arm", "budget"))
        mine = (values["model"] == key[0]) & (values["arm"] == key[1]) & (values["budget"] == key[2])
        rows: pd.DataFrame = values[mine]
        return rows

    both = by_seed({"arm_value": of(""), "reference_value": of("reference_"), "uniform_value": of("uniform_")})
    gain = paired_difference(both["arm_value"], both["uniform_value"])
    ends = {"gain": gain.mean, "gain_low": gain.low, "gain_high": gain.high}
    return compare_pairs(both, other="reference") | ends
