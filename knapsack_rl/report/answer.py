"""The answer of a finished study in three sentences: both effective-gradient ratios and accuracy, against uniform."""

from collections.abc import Hashable, Iterator, Mapping
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


def answer(study: StudyConfig, paths: StudyPaths, *, references: Path) -> Iterator[str]:
    """Lines for the end of a run: the three sentences, the run beside each reference, and where everything is.

    Args:
        study: a study whose tables are written.
        paths: its results and figures.
        references: folder of the committed references, ``results/reference``.

    Raises:
        InputError: a table is missing or cannot be read.
    """
    yield from three_sentences(read_result(paths.tables / "differences.csv"))
    for found in set_beside(study, paths, references=references_of(study.name, references)):
        yield f"Beside the committed reference {found.name}:"
        yield from (f"  {sentence}" for sentence in found.sentences)
    yield f"Report:  {paths.results / 'report.html'}"
    yield f"Tables:  {paths.tables}/"
    yield f"Figures: {paths.figures}/"


def three_sentences(differences: pd.DataFrame) -> Iterator[str]:
    """A heading that says what was compared, then one sentence per question, with interval and verdict.

    The cell told is the one with the most replicates; the arm is ``knapsack`` where the study has it, else its first.

    Args:
        differences: columns of ``analysis.differences.COLUMNS``.
    """
    told = differences[differences["metric"].isin(QUESTIONS) & (differences["verdict"] != VERDICT_NONE)]
    if told.empty:
        yield "No pair of arms to compare: differences need a uniform arm and another one."
        return
    arm = MAIN_ARM if MAIN_ARM in set(told["arm"]) else told["arm"].iloc[0]
    rows = told[told["arm"] == arm]
    first: dict[Hashable, Any] = rows.to_dict("records")[int(rows["num_seeds"].astype(int).argmax())]
    cell = rows[(rows["model"] == first["model"]) & (rows["budget"] == first["budget"])]
    by_metric = {row["metric"]: row for row in cell.to_dict("records")}
    yield (
        f"{arm} against {first['baseline']} at equal rollouts; {first['model']}, N = {first['budget']} rollouts per"
        f" prompt, {_replicates(first['num_seeds'])}:"
    )
    for number, (metric, question) in enumerate(QUESTIONS.items(), start=1):
        if metric in by_metric:
            yield f"  {number}. {question}: {_verdict(by_metric[metric])}"


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
