"""Every benchmark of every run at its last checkpoint: scores with what they rest on, within the run."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from knapsack_rl.analysis.frames.schemas import RUN_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.periods import at_last_step
from knapsack_rl.analysis.inference.stats import avg_at_k, bootstrap_over_problems, pass_at_k
from knapsack_rl.analysis.measures.benchmarks import AVERAGE, common_k
from knapsack_rl.base.arrays import FloatArray

OVERLAPPING = ("exact", "words")
"""Kinds of overlap with the training set that are counted, from the narrow to the wide."""


def evaluated_table(frames: StudyFrames) -> pd.DataFrame:
    """avg@k and unbiased pass@k per run and benchmark, with 95% bootstraps over problems, and contamination.

    Returns:
        ``run_id, model, arm, budget, seed, step, benchmark, members, num_problems, num_exact, num_words, num_samples,
        truncated, k, avg_at_k, pass_at_k`` and ends of the intervals. ``members`` names the benchmarks of the row
        ``average``, which weighs them equally. ``num_exact`` problems are trained on word for word, ``num_words`` share
        20 words in a row with a training problem; null where overlaps were not looked for.
    """
    final = at_last_step(frames.evals)
    k = common_k(final)
    rows = [row for _, mine in final.groupby("run_id", sort=False) for row in _rows(mine, k)]
    table = pd.DataFrame(rows).astype(dict.fromkeys((f"num_{kind}" for kind in OVERLAPPING), "Int64"))
    return table.drop(columns="strategy")


def _rows(mine: pd.DataFrame, k: int) -> Iterator[dict[str, Any]]:
    parts = {str(name): rows for name, rows in mine.groupby("benchmark", sort=False)}
    for name, rows in parts.items():
        yield _row({name: rows}, k, name=name)
    yield _row(parts, k, name=AVERAGE)


def _row(parts: dict[str, pd.DataFrame], k: int, *, name: str) -> dict[str, Any]:
    rows = pd.concat(parts.values())
    counts = [(part["num_correct"].to_numpy(), part["num_samples"].to_numpy()) for part in parts.values()]
    samples = int(rows["num_samples"].sum())
    found: dict[str, Any] = {key: rows[key].iloc[0] for key in (*RUN_KEYS, "step")}
    found |= {"benchmark": name, "members": ", ".join(parts) if name == AVERAGE else "", "num_problems": len(rows)}
    found |= {f"num_{kind}": _overlapping(rows, kind) for kind in OVERLAPPING}
    found |= {"num_samples": samples, "truncated": rows["num_truncated"].sum() / max(1, samples), "k": k}
    found |= _scored("avg_at_k", [avg_at_k(*pair) for pair in counts])
    return found | _scored("pass_at_k", [pass_at_k(*pair, k=k) for pair in counts])


def _scored(name: str, scores: list[FloatArray]) -> dict[str, float]:
    interval = bootstrap_over_problems(scores)
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _overlapping(rows: pd.DataFrame, kind: str) -> int | None:
    """Problems that overlap at least so much; an exact copy shares its words too."""
    if rows["overlap"].isna().any():
        return None
    levels = OVERLAPPING[: OVERLAPPING.index(kind) + 1]
    return int(rows["overlap"].isin(levels).sum())
