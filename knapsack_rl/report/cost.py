"""At which cost the arms of a pair are compared: what each had generated there, as the tables have it."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from knapsack_rl.analysis.measures.other_budgets import TOTAL_MARK
from knapsack_rl.analysis.products.runs import BUDGET_NOT_REACHED
from knapsack_rl.config import StopConfig, StudyConfig

EQUAL = 0.005
"""Relative difference of an amount up to which it counts as equal."""


def stops_of(study: StudyConfig) -> dict[str, StopConfig]:
    """Budgets at which runs end, by the name of the model; what single runs override is not looked at."""
    shared = study.train.stop.model_dump() if study.train.stop else {}
    owns = {name: model.train.get("stop", {}) for name, model in study.models.items()}
    merged = {name: {**shared, **own} for name, own in owns.items() if own is not None}
    return {name: StopConfig.model_validate(stop) for name, stop in merged.items() if stop}


def stop_of(model: object, stops: Mapping[str, StopConfig]) -> StopConfig | None:
    """The budget of a model as tables call it, whose name may say that its steps have one total at every N."""
    return stops.get(str(model).removesuffix(TOTAL_MARK))


def at_which_cost(
    pair: Mapping[Hashable, Any], compute: pd.DataFrame, *, stop: StopConfig | None, runs: pd.DataFrame | None = None
) -> str:
    """In what the arms of a pair are equal where they are compared, in words.

    Args:
        pair: ``model, budget, arm, baseline``.
        compute: the table of that name.
        stop: budget at which their runs end, if there is one.
        runs: the table of that name; says which runs did not reach the budget.
    """
    if stop is not None:
        return _at_the_budget(pair, compute, stop=stop, runs=runs)
    times = times_spent(pair, compute)
    if times is None:
        return "after equal steps"
    return "at equal rollouts" if abs(times - 1) < EQUAL else f"after equal steps, with {times:.2f} times the rollouts"


def times_spent(
    pair: Mapping[Hashable, Any], compute: pd.DataFrame, *, amount: str = "total_rollouts", at_ends: bool = False
) -> float | None:
    """An amount of an arm over that of its baseline; None if it is not known.

    Args:
        pair: ``model, budget, arm, baseline``.
        compute: the table of that name.
        amount: its column.
        at_ends: where the runs of each arm ended, and not at the last checkpoint that both arms have.
    """
    of_pair = of_cell(compute, pair)
    of_pair = of_pair[of_pair["arm"].isin([pair["arm"], pair["baseline"]])]
    spent = of_pair.pivot_table(index="step", columns="arm", values=amount)
    last = spent.max() if at_ends else (spent.dropna().iloc[-1] if len(spent.dropna()) else pd.Series(dtype=float))
    if not {pair["arm"], pair["baseline"]} <= set(last.index) or not last[pair["baseline"]]:
        return None
    return float(last[pair["arm"]] / last[pair["baseline"]])


def _at_the_budget(
    pair: Mapping[Hashable, Any], compute: pd.DataFrame, *, stop: StopConfig, runs: pd.DataFrame | None
) -> str:
    """What the arms of a pair had generated where their runs ended, and how many runs took all steps before."""
    what = stop.axis.removeprefix("num_").replace("_", " ")
    times = times_spent(pair, compute, amount=stop.axis.replace("num_", "total_"), at_ends=True)
    if times is None:
        return f"at a budget of {what}"
    mine = of_cell(runs, pair) if runs is not None else pd.DataFrame({"ended": [], "arm": []})
    mine = mine[mine["arm"].isin([pair["arm"], pair["baseline"]])]
    short = int((mine["ended"] == BUDGET_NOT_REACHED).sum())
    if short:
        return f"with {times:.2f} times the {what}, budget not reached in {short} of {len(mine)} runs"
    return f"at equal {what}" if abs(times - 1) < EQUAL else f"at equal {what} to within a step ({times:.2f} times)"


def of_cell(table: pd.DataFrame, pair: Mapping[Hashable, Any]) -> pd.DataFrame:
    """Rows of the pair's model and budget."""
    return table[(table["model"] == pair["model"]) & (table["budget"] == pair["budget"])]
