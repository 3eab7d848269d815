"""The answer of a finished study in three sentences: both effective-gradient ratios and accuracy, against uniform."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from knapsack_rl.analysis.inference.pairs import VERDICT_CLEAR, VERDICT_FEW, VERDICT_FLAT, VERDICT_NONE
from knapsack_rl.analysis.measures.benchmarks import AVERAGE
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.config import StudyConfig
from knapsack_rl.report.beside import references_of, set_beside
from knapsack_rl.report.result_tables import read_result

MAIN_ARM = "knapsack"
QUESTIONS = {
    "ratio_rollouts": "Effective-gradient ratio by rollouts (the paper's)",
    "ratio_prompts": "Effective-gradient ratio by prompts",
    f"accuracy/{AVERAGE}": "Final accuracy, average over benchmarks",
}
"""Metrics of the table ``differences``, in the order they are told."""
EQUAL = 0.005
"""Relative difference of rollouts up to which they count as equal."""


def answer(study: StudyConfig, paths: StudyPaths, *, references: Path) -> Iterator[str]:
    """Lines for the end of a run: the three sentences, the run beside each reference, and where everything is.

    Args:
        study: a study whose tables are written.
        paths: its results and figures.
        references: folder of the committed references, ``results/reference``.

    Raises:
        InputError: a table is missing or cannot be read.
    """
    tables = paths.tables
    yield from three_sentences(read_result(tables / "differences.csv"), read_result(tables / "compute.csv"))
    for beside in set_beside(study, paths, references=references_of(study.name, references)):
        yield f"Beside the committed reference {beside.name}:"
        yield from (f"  {sentence}" for sentence in beside.sentences)
    yield f"Report:  {paths.results / 'report.html'}"
    yield f"Tables:  {paths.tables}/"
    yield f"Figures: {paths.figures}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a study found, as far as three sentences go."""

    compared: str
    """Which arms, where, and at which cost."""
    sentences: tuple[str, ...] = ()
    """One per question, in their order."""


def three_sentences(differences: pd.DataFrame, compute: pd.DataFrame) -> Iterator[str]:
    """``found`` as lines of text."""
    said = found(differences, compute)
    yield f"{said.compared}:" if said.sentences else said.compared
    yield from (f"  {number}. {sentence}" for number, sentence in enumerate(said.sentences, start=1))


def found(differences: pd.DataFrame, compute: pd.DataFrame) -> Answer:
    """What was compared, and one sentence per question, with interval and verdict.

    The cell told is the one with the most replicates; the arm is ``knapsack`` where the study has it, else its first.

    Args:
        differences: the table of that name.
        compute: the table of that name; says whether the two arms spent the same rollouts.
    """
    told = differences[differences["metric"].isin(QUESTIONS) & (differences["verdict"] != VERDICT_NONE)]
    if told.empty:
        return Answer(compared="No pair of arms to compare: differences need a uniform arm and another one.")
    arm = MAIN_ARM if MAIN_ARM in set(told["arm"]) else told["arm"].iloc[0]
    rows = told[told["arm"] == arm]
    first: dict[Hashable, Any] = rows.to_dict("records")[int(rows["num_seeds"].astype(int).argmax())]
    cell = rows[(rows["model"] == first["model"]) & (rows["budget"] == first["budget"])]
    by_metric = {row["metric"]: row for row in cell.to_dict("records")}
    compared = (
        f"{arm} against {first['baseline']} {_at_which_cost(first, compute)}; {first['model']}, N = {first['budget']}"
        f" rollouts per prompt, {_replicates(first['num_seeds'])}"
    )
    asked = {metric: question for metric, question in QUESTIONS.items() if metric in by_metric}
    return Answer(
        compared=compared,
        sentences=tuple(f"{question}: {_verdict(by_metric[metric])}" for metric, question in asked.items()),
    )


def _at_which_cost(pair: Mapping[Hashable, Any], compute: pd.DataFrame) -> str:
    """Whether the arms of a pair had generated as many rollouts at their last shared checkpoint."""
    times = times_the_rollouts(pair, compute)
    if times is None:
        return "after equal steps"
    return "at equal rollouts" if abs(times - 1) < EQUAL else f"after equal steps, with {times:.2f} times the rollouts"


def times_the_rollouts(pair: Mapping[Hashable, Any], compute: pd.DataFrame) -> float | None:
    """Rollouts of an arm over those of its baseline at their last shared checkpoint; None if they share none.

    Args:
        pair: ``model, budget, arm, baseline``.
        compute: the table of that name.
    """
    cell = compute[(compute["model"] == pair["model"]) & (compute["budget"] == pair["budget"])]
    spent = {
        arm: of_arm.set_index("step")["total_rollouts"]
        for arm, of_arm in cell.groupby("arm")
        if arm in (pair["arm"], pair["baseline"])
    }
    shared = pd.concat(spent, axis=1).dropna() if len(spent) == 2 else pd.DataFrame()  # noqa: PLR2004 - a pair
    if shared.empty or not (last := shared.iloc[-1])[pair["baseline"]]:
        return None
    return float(last[pair["arm"]] / last[pair["baseline"]])


def _verdict(row: Mapping[Hashable, Any]) -> str:
    """The difference in points with its interval, and what that allows to say."""
    difference = f"{100 * row['difference']:+.1f} points"
    if row["verdict"] == VERDICT_FEW:
        return f"{difference}, {_replicates(row['num_seeds'])}: no interval, so nothing follows from it."
    if row["verdict"] == VERDICT_FLAT:
        return f"{difference} in every replicate: there is no spread to judge it by."
    interval = f"{difference} [{100 * row['ci_low']:+.1f}, {100 * row['ci_high']:+.1f}]"
    if row["verdict"] == VERDICT_CLEAR:
        return f"{interval}: {'higher' if row['difference'] > 0 else 'lower'}, zero is outside the 95% interval."
    return f"{interval}: no difference shown, zero is inside the 95% interval."


def _replicates(number: float) -> str:
    return f"{int(number)} replicate{'s' if number > 1 else ''}"
