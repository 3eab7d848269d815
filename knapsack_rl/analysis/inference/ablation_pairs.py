"""Ablations that the records contain: pairs of variants that differ in one factor."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from knapsack_rl.analysis.inference.factors import Factors, single_difference, variants
from knapsack_rl.analysis.inference.pairs import BASELINE_STRATEGY


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
