"""Every arm against uniform allocation at its best N: the baseline that a practitioner would tune at equal compute.

A sweep of N at a fixed total is cheap, so an allocator has to beat its best, and not the N that happens to be the
default (IsoCompute, arXiv 2603.12151). N is chosen leaving out the seed that is compared: a choice by the same numbers
would favour the baseline by the luck of the draw.
"""

import json
from collections import Counter

import pandas as pd

from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.pairs import baseline_arm, by_seed, compare_pairs
from knapsack_rl.analysis.measures.benchmarks import AVERAGE, score_values
from knapsack_rl.analysis.measures.other_budgets import TOTAL_MARK

FEWEST = 2

COLUMNS = [
    *(*CELL_KEYS, "arm", "baseline", "chosen", "num_seeds", "arm_mean", "baseline_mean", "difference"),
    *("ci_low", "ci_high", "verdict"),
]


def tuned_uniform_table(frames: StudyFrames) -> pd.DataFrame:
    """Final average accuracy of every other arm minus that of uniform at the N chosen on the other seeds.

    The candidates are uniform's runs of the same model that spent as many rollouts or ended at the same budget. Cells
    are those with the most arms; the baseline is a candidate itself.

    Returns:
        ``COLUMNS``, ``chosen`` in words (``16 (9), 8 (3)``); empty unless uniform ran at two N of one total.
    """
    baseline = baseline_arm(frames.steps)
    scores = score_values(frames.evals)
    scores = scores[scores["metric"] == f"accuracy/{AVERAGE}"].merge(_rollouts(frames), on=["model", "budget"])
    scores = scores.assign(name=scores["model"].str.removesuffix(TOTAL_MARK))
    rows = []
    for (model, budget, arm), treated in scores[scores["arm"] != baseline].groupby(
        [*CELL_KEYS, "arm"], sort=False, observed=True
    ):
        first = treated.iloc[0]
        same = scores[(scores["name"] == first["name"]) & (scores["rollouts"] == first["rollouts"])]
        sweep = same[same["arm"] == baseline].pivot_table(index="seed", columns="budget", values="value").dropna()
        if len(sweep.columns) >= FEWEST and len(sweep) >= FEWEST:
            rows.append(
                {"model": model, "budget": budget, "arm": arm, "baseline": baseline, **_compare(treated, sweep)}
            )
    return in_grid_order(pd.DataFrame(rows, columns=COLUMNS), frames.steps).astype({"num_seeds": "Int64"})


def _rollouts(frames: StudyFrames) -> pd.DataFrame:
    """Rollouts of a run of each cell, the same for all arms; of one that ends at a budget no more than that."""
    spent = frames.steps.groupby([*CELL_KEYS, "run_id"], sort=False, observed=True)["num_rollouts"].sum()
    limit = spent.index.get_level_values("run_id").map(_limits(frames.runs)).to_numpy(dtype=float)
    spent = spent.where(~(spent > limit), limit)
    return spent.groupby(level=list(CELL_KEYS), sort=False).max().rename("rollouts").reset_index()


def _limits(runs: pd.DataFrame) -> dict[str, int]:
    """Budgets of rollouts by run id, of the runs that have one."""
    told = runs.dropna(subset=["config"])
    configs = dict(zip(told["run_id"], told["config"], strict=True))
    stops = {run_id: json.loads(config)["train"].get("stop") for run_id, config in configs.items()}
    return {run: stop["num_rollouts"] for run, stop in stops.items() if stop and stop["num_rollouts"]}


def _compare(treated: pd.DataFrame, sweep: pd.DataFrame) -> dict[str, object]:
    best = {seed: sweep.drop(index=seed).mean().idxmax() for seed in sweep.index}
    tuned = pd.DataFrame({"seed": best.keys(), "value": [sweep.loc[seed, budget] for seed, budget in best.items()]})
    pairs = by_seed({"arm_value": treated, "baseline_value": tuned}).dropna()
    chosen = ", ".join(f"{budget} ({count})" for budget, count in Counter(best.values()).most_common())
    return {"chosen": chosen, **compare_pairs(pairs)}
