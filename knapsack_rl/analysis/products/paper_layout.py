"""The benchmark table as papers print it: one row per model and arm, one column per benchmark, average and gain."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.pairs import VERDICT_CLEAR
from knapsack_rl.analysis.measures.benchmarks import AVERAGE
from knapsack_rl.analysis.products.benchmarks import benchmarks_table
from knapsack_rl.analysis.products.differences import differences

GAINS = {"avg_at_k": f"accuracy/{AVERAGE}", "pass_at_k": f"pass_at_k/{AVERAGE}"}
"""Scores of the table and the metric of ``differences`` that is their gain."""

CONTAMINATED = {"exact": "also in training, same text", "words": "also in training, same 20 words"}
"""Scores of the last rows: shares of a benchmark's problems, the second including the first."""

LEAD = [*CELL_KEYS, "arm", "num_seeds", "k"]


def paper_layout(wide: pd.DataFrame, frames: StudyFrames) -> pd.DataFrame:
    """avg@k and pass@k per benchmark with their averages and the averages' gains over uniform; contamination.

    Args:
        wide: the table ``benchmarks``.
        frames: of the same study.

    Returns:
        ``model, budget, arm, num_seeds, k, score, <benchmark>..., average, members, gain, gain_low, gain_high,
        gain_verdict``; shares in 0..1, one row per arm and ``score`` (``avg_at_k``, ``pass_at_k``). ``members`` are the
        benchmarks that the average is of, each with equal weight. Two rows without a model say which share of each
        benchmark overlaps the training set; there are none where that was not looked for.
    """
    names = [column.partition("/")[2] for column in wide.columns if column.startswith("avg_at_k/")]
    names = [name for name in names if not name.endswith(("_low", "_high")) and name != AVERAGE]
    parts = [_scores(wide, names, score=score) for score in GAINS]
    table = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    gains = differences(frames).assign(score=lambda found: found["metric"].map({v: k for k, v in GAINS.items()}))
    columns = {"difference": "gain", "ci_low": "gain_low", "ci_high": "gain_high", "verdict": "gain_verdict"}
    keys = [*CELL_KEYS, "arm", "score"]
    gains = gains.dropna(subset="score").rename(columns=columns)[[*keys, *columns.values()]]
    table = table.merge(gains, on=keys, how="left")
    rows = pd.concat([table, _contamination(frames.evals, names)], ignore_index=True)
    return rows.astype(dict.fromkeys(_WHOLE, "Int64"))


_WHOLE = ("budget", "num_seeds", "k")


def _scores(wide: pd.DataFrame, names: list[str], *, score: str) -> pd.DataFrame:
    scores = wide[[f"{score}/{name}" for name in (*names, AVERAGE)]].set_axis([*names, "average"], axis=1)
    return pd.concat([wide[LEAD].assign(score=score), scores], axis=1).assign(members=", ".join(names))


def _contamination(evals: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """One row per width of overlap: the share of each benchmark's problems that overlap at least so much."""
    problems = evals.drop_duplicates(["benchmark", "problem_id"])
    if problems.empty or problems["overlap"].isna().any():
        return pd.DataFrame(columns=["score", *names])
    levels = list(CONTAMINATED)
    rows = []
    for place, level in enumerate(levels):
        shares = problems["overlap"].isin(levels[: place + 1]).groupby(problems["benchmark"].astype("str")).mean()
        rows.append({"score": CONTAMINATED[level]} | {name: shares[name] for name in names})
    return pd.DataFrame(rows)


def fold_paper_layout(frame: pd.DataFrame) -> pd.DataFrame:
    """The table as strings in percent; a gain is bold only where its interval excludes zero."""
    hidden = ("members", "_low", "_high", "_verdict")
    shown = [column for column in frame.columns if not column.endswith(hidden)]
    rows = [{_header(column): _cell(row, column) for column in shown} for row in frame.to_dict("records")]
    return pd.DataFrame(rows, columns=[_header(column) for column in shown], index=frame.index)


_HEADERS = {"budget": "N", "num_seeds": "seeds"}
_SCORES = {"avg_at_k": "avg@k", "pass_at_k": "pass@k"}


def _header(column: str) -> str:
    return _HEADERS.get(column, column)


def _cell(row: Mapping[Any, Any], column: str) -> str:
    value = row[column]
    if pd.isna(value):
        return ""
    if column == "score":
        return _SCORES.get(value, str(value))
    if column in LEAD:
        return str(value)
    if column != "gain":
        return f"{100 * value:.1f}"
    low, high = row["gain_low"], row["gain_high"]
    ends = "" if pd.isna(low) else f" [{100 * low:+.1f}, {100 * high:+.1f}]"
    text = f"{100 * value:+.1f}{ends}"
    return f"**{text}**" if row["gain_verdict"] == VERDICT_CLEAR else text


def paper_layout_table(frames: StudyFrames) -> pd.DataFrame:
    """The same numbers as papers print them; see ``paper_layout``."""
    return paper_layout(benchmarks_table(frames), frames)
