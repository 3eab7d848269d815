"""The answer of a finished study in three sentences: both effective-gradient ratios and accuracy, against uniform."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from knapsack_rl.analysis.inference.pairs import VERDICT_CLEAR, VERDICT_FEW, VERDICT_FLAT, VERDICT_NONE
from knapsack_rl.analysis.measures.benchmarks import AVERAGE
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.config import StopConfig, StudyConfig
from knapsack_rl.report.beside import references_of, set_beside
from knapsack_rl.report.cost import at_which_cost, stop_of, stops_of
from knapsack_rl.report.result_tables import read_result

MAIN_ARM = "knapsack"
QUESTIONS = {
    "ratio_rollouts": "Effective-gradient ratio by rollouts (the paper's)",
    "ratio_prompts": "Effective-gradient ratio by prompts",
    f"accuracy/{AVERAGE}": "Final accuracy, average over benchmarks",
}
"""Metrics of the table ``differences``, in the order they are told."""


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
    yield from three_sentences_of(study, tables)
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


def three_sentences_of(study: StudyConfig, tables: Path) -> Iterator[str]:
    """``three_sentences`` from the tables of a study.

    Raises:
        InputError: a table is missing or cannot be read.
    """
    needed = {name: read_result(tables / f"{name}.csv") for name in ("differences", "compute")}
    stops = stops_of(study)
    runs = read_result(tables / "runs.csv") if stops else None
    yield from three_sentences(**needed, stops=stops, runs=runs)


def three_sentences(
    differences: pd.DataFrame,
    compute: pd.DataFrame,
    *,
    stops: Mapping[str, StopConfig] | None = None,
    runs: pd.DataFrame | None = None,
) -> Iterator[str]:
    """``found`` as lines of text."""
    said = found(differences, compute, stops=stops, runs=runs)
    yield f"{said.compared}:" if said.sentences else said.compared
    yield from (f"  {number}. {sentence}" for number, sentence in enumerate(said.sentences, start=1))


def found(
    differences: pd.DataFrame,
    compute: pd.DataFrame,
    *,
    stops: Mapping[str, StopConfig] | None = None,
    runs: pd.DataFrame | None = None,
) -> Answer:
    """What was compared, and one sentence per question, with interval and verdict.

    The cell told is the one with the most replicates; the arm is ``knapsack`` where the study has it, else its first.

    Args:
        differences: the table of that name.
        compute: the table of that name; says whether the two arms spent the same rollouts.
        stops: budgets at which runs end, by model, where there is one; arms are then compared at their ends.
        runs: the table of that name; needed with ``stops`` to say which runs did not reach theirs.
    """
    told = differences[differences["metric"].isin(QUESTIONS) & (differences["verdict"] != VERDICT_NONE)]
    if told.empty:
        return Answer(compared="No pair of arms to compare: differences need a uniform arm and another one.")
    arm = MAIN_ARM if MAIN_ARM in set(told["arm"]) else told["arm"].iloc[0]
    rows = told[told["arm"] == arm]
    first: dict[Hashable, Any] = rows.to_dict("records")[int(rows["num_seeds"].astype(int).argmax())]
    cell = rows[(rows["model"] == first["model"]) & (rows["budget"] == first["budget"])]
    by_metric = {row["metric"]: row for row in cell.to_dict("records")}
    cost = at_which_cost(first, compute, stop=stop_of(first["model"], stops or {}), runs=runs)
    asked = {metric: question for metric, question in QUESTIONS.items() if metric in by_metric}
    return Answer(
        compared=(
            f"{arm} against {first['baseline']} {cost}; {first['model']}, N = {first['budget']}"
            f" rollouts per prompt, {_replicates(first['num_seeds'])}"
        ),
        sentences=tuple(f"{question}: {_verdict(by_metric[metric])}" for metric, question in asked.items()),
    )


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
