"""Plain sentences from the differences table. They follow the numbers, whatever their sign."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from knapsack_rl.analysis.claims.plan import CONFIRMATORY
from knapsack_rl.analysis.claims.words import not_after_holm
from knapsack_rl.analysis.inference.pairs import VERDICT_CLEAR, VERDICT_FEW, VERDICT_FLAT, VERDICT_NONE
from knapsack_rl.analysis.measures.benchmarks import AVERAGE
from knapsack_rl.analysis.show.paired import metric_label, signed
from knapsack_rl.base.unrewarded import describe

MISS_RATE = 0.05
"""Share of 95% intervals that miss the truth by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one arm did in one cell."""

    title: str
    model: str
    budget: str
    arm: str
    sentences: tuple[str, ...]


def findings(differences: pd.DataFrame) -> Iterator[Finding]:
    """One finding per cell and arm, with one sentence per metric, in the table's order.

    Single benchmarks are left to the table: they are many, and the average is what was asked.

    Args:
        differences: columns of ``analysis.differences.COLUMNS``.
    """
    keys = ["model", "budget", "arm", "baseline"]
    for (model, budget, arm, baseline), rows in differences.groupby(keys, sort=False):
        title = f"{model}, N = {budget}: {arm} against {baseline}"
        told = rows[~rows["metric"].str.startswith("accuracy/") | (rows["metric"] == f"accuracy/{AVERAGE}")]
        sentences = tuple(sentence(row) for row in told.to_dict("records"))
        yield Finding(title=title, model=str(model), budget=str(budget), arm=str(arm), sentences=sentences)


def sentence(row: Mapping[Hashable, Any]) -> str:
    """One row of the differences table in words: both means, the difference, its interval, and what that allows."""
    label = metric_label(row["metric"])
    label = label[0].upper() + label[1:]
    if row["verdict"] == VERDICT_NONE:
        return f"{label}: not measured in both arms for any seed."
    seeds = f"{row['num_seeds']} seed{'s' if row['num_seeds'] > 1 else ''}"
    at = "" if pd.isna(row["step"]) else f" at step {int(row['step'])}"
    means = (
        f"{label}{at}: {row['arm_mean']:.3f} against {row['baseline_mean']:.3f}, difference {signed(row['difference'])}"
    )
    if row["verdict"] == VERDICT_FEW:
        return f"{means} ({seeds}; too few for an interval, so nothing follows from it)."
    interval = f"95% interval {signed(row['ci_low'])} to {signed(row['ci_high'])} over {seeds}"
    if row["verdict"] == VERDICT_FLAT:
        return f"{means}, the same in all {seeds}: there is no spread to judge it by."
    if row["verdict"] == VERDICT_CLEAR:
        direction = "higher" if row["difference"] > 0 else "lower"
        return f"{means} ({interval}): {direction}, and the interval excludes zero."
    return f"{means} ({interval}): the difference is not significant at these seeds."


def overview(differences: pd.DataFrame) -> str:
    """How many intervals exclude zero, and how many would if nothing differed."""
    if differences.empty:
        return "The study has no pair of arms to compare: differences need a uniform arm and another one."
    tested = differences[differences["ci_low"].notna() & (differences["verdict"] != VERDICT_FLAT)]
    if tested.empty:
        return f"No interval can be given: the study has {VERDICT_FEW} per arm. The numbers below are single points."
    clear = int((tested["verdict"] == VERDICT_CLEAR).sum())
    expected = MISS_RATE * len(tested)
    return (
        f"{clear} of {len(tested)} intervals exclude zero; if no arm differed at all, about {expected:.1f} would by"
        " chance. The metrics of one cell come from the same runs and are not independent."
    )


def unrewarded(runs: pd.DataFrame) -> str:
    """Runs in which no response of the whole training was right, and why; empty if there are none.

    Args:
        runs: the table of that name.
    """
    lost = runs[runs["num_successes"] == 0]
    if lost.empty:
        return ""
    named = ("num_rollouts", "num_successes", "num_cut_off", "num_no_answer")
    sums = {name: int(lost[name].sum()) for name in named}
    return f"{len(lost)} of {len(runs)} runs earned nothing, and so had no gradient at all: {describe(sums)}."


def verdicts(claims: pd.DataFrame) -> str:
    """How many of the paper's claims this study supports, contradicts and leaves open; the confirmatory ones first."""
    if claims.empty:
        return "No claim can be looked at: the study has no arm to compare with uniform allocation."
    chosen = claims["role"] == CONFIRMATORY
    parts = [
        f"Of {len(rows)} {kind} claims: {counted(rows)}."
        for kind, rows in (("confirmatory", claims[chosen]), ("other, descriptive", claims[~chosen]))
        if len(rows)
    ]
    return " ".join(parts)


def counted(claims: pd.DataFrame) -> str:
    """Verdicts with their numbers, and how many of them the adjustment for many claims would take back."""
    found = claims["verdict"].map(lambda verdict: str(verdict).split(" (")[0])
    parts = [f"{number} {verdict}" for verdict, number in found.value_counts(sort=False).sort_index().items()]
    taken_back = sum(not_after_holm(row) for row in claims.to_dict("records"))
    return ", ".join(parts) + (f" ({taken_back} of them not significant after Holm correction)" if taken_back else "")
