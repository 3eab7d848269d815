"""Ablations that the records contain: pairs of variants that differ in one factor, compared within a seed."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from knapsack_rl.analysis.benchmarks import AVERAGE
from knapsack_rl.analysis.differences import BASELINE_STRATEGY, compare_pairs, mean_ratios, score_values
from knapsack_rl.analysis.factors import Factors, single_difference, variants
from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.stats import paired_difference
from knapsack_rl.analysis.zero_gradient import from_second_visit

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
    where the study has no such run. Metrics: average accuracy at the cell's last shared checkpoint, and both
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


def ablation_pairs(runs: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Every variant with the first variant before it that differs in one factor, once per factor.

    Yields:
        ``factor, model, arm, value, reference_model, reference_arm, reference, budget, reference_budget, uniform_model,
        uniform_arm, uniform_budget``; the models differ where a step's rollouts are the same for all budgets and the
        reference is a run that both batches share. The last three are None where no uniform run shares the rest.
    """
    seen: set[tuple[int, str]] = set()
    ordered = list(enumerate(_variants(runs)))
    for (_, first), (place, second) in sorted(combinations(ordered, 2), key=lambda pair: (pair[1][0], pair[0][0])):
        same_place = all(first[key] == second[key] for key in ("model", "arm", "budget"))  # a run overridden by itself
        apart = first["base"] != second["base"] or same_place
        found = None if apart else single_difference(first["factors"], second["factors"])
        if found is None or (place, found[0]) in seen:
            continue
        seen.add((place, found[0]))
        factor, reference, value = found
        yield {
            "factor": factor,
            "model": second["model"],
            "arm": second["arm"],
            "value": value,
            "reference_model": first["model"],
            "reference_arm": first["arm"],
            "reference": reference,
            "budget": second["budget"],
            "reference_budget": first["budget"],
            **_uniform_beside(second, [variant for _, variant in ordered]),
        }


def _variants(runs: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in variants(runs).to_dict("records")]


def _uniform_beside(variant: dict[str, Any], variants: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The variant that differs in the allocation alone: uniform, which bounds do not change."""
    rest = _beside_allocation(variant["factors"])
    found = [
        other
        for other in variants
        if other["base"] == variant["base"]
        and other["factors"]["arm.strategy"] == BASELINE_STRATEGY != variant["factors"]["arm.strategy"]
        and _beside_allocation(other["factors"]) == rest
    ]
    return {f"uniform_{key}": found[0][key] if found else None for key in ("model", "arm", "budget")}


def _beside_allocation(factors: Factors) -> Factors:
    bounds = ("train.low", "train.high")
    return {key: value for key, value in factors.items() if not key.startswith("arm.") and key not in bounds}


def _compare(values: pd.DataFrame, pair: dict[str, Any]) -> dict[str, object]:
    def of(side: str) -> "pd.Series[float]":
        key = tuple(pair[f"{side}{name}"] for name in ("model", "arm", "budget"))
        mine = (values["model"] == key[0]) & (values["arm"] == key[1]) & (values["budget"] == key[2])
        means: pd.Series[float] = values[mine].groupby("seed")["value"].mean()
        return means

    sides = {"arm_value": of(""), "reference_value": of("reference_"), "uniform_value": of("uniform_")}
    both = pd.concat(sides, axis=1)
    gain = paired_difference(both["arm_value"], both["uniform_value"])
    ends = {"gain": gain.mean, "gain_low": gain.low, "gain_high": gain.high}
    return compare_pairs(both, other="reference") | ends
