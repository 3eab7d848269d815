"""Result tables for people: readable headers, rounded numbers, a caption; and the files they are written to.

CSV carries full numbers under machine names, Markdown what a reader wants. A missing value is an empty CSV field and
``n/a`` in Markdown.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from knapsack_rl.analysis.catalogue import TABLES, load
from knapsack_rl.analysis.show.latex import latex_of
from knapsack_rl.records import write_text

MISSING = "n/a"

SMALL, LARGE = 1e-3, 1e5
"""Outside these a fraction is shown with three digits and a power of ten."""

HEADERS: Mapping[str, str] = {
    "run_id": "run",
    "budget": "N",
    "num_seeds": "seeds",
    "arm_mean": "arm mean",
    "baseline_mean": "baseline mean",
    "ratio_rollouts": "share of rollouts with a gradient",
    "ratio_prompts": "share of prompts with a gradient",
    "all_correct_prompts": "share of prompts all correct",
    "all_wrong_prompts": "share of prompts all wrong",
    "max_rollouts": "most rollouts",
    "first_step": "first step",
    "last_step": "last step",
    "total_rollouts": "rollouts",
    "total_response_tokens": "response tokens",
    "num_rollouts": "rollouts",
    "num_response_tokens": "response tokens",
    "num_updated_tokens": "tokens updated on",
    "num_belief_multiply_adds": "multiply-adds of the belief",
    "total_belief_multiply_adds": "multiply-adds of the belief",
    "base_accuracy": "base accuracy",
    "reweighting": "re-weighting",
    "rest": "the rest",
    "objective_gain": "objective over equal counts",
    "objective_belief_gain": "as believed",
    "perfect_gain": "with known rates",
    "q10_rollouts": "10th percentile",
    "q50_rollouts": "median",
    "q90_rollouts": "90th percentile",
    "drift": "drift per visit (rms)",
    "rise": "rise per visit",
    "gap_steps": "steps between visits",
    "baseline_drift": "baseline's drift",
    "yours_num_seeds": "your seeds",
    "reference_num_seeds": "its seeds",
    "gini_rollouts": "Gini",
    "entropy_rollouts": "entropy",
    "num_largest_prompts": "prompts with a step's largest",
    "num_prompts": "prompts before",
    "probe_rmse": "error against probe",
    "rmse": "error",
    "lag": "lag (visits)",
    "num_visits": "visits",
    "num_probed": "probed",
    "num_problems": "problems",
    "num_exact": "contaminated (exact)",
    "num_words": "contaminated (20 words)",
    "num_samples": "samples",
    "truncated": "cut off (share)",
    "avg_at_k": "avg@k",
    "pass_at_k": "pass@k",
    "num_before": "before",
    "num_after": "after",
}
"""Headers that are not the column's own name with spaces."""

_WHOLE = ("num_", "total_", "max_", "first_", "last_", "budget", "seed")
_INTERVAL_ENDS = ("_low", "_high")


def caption(name: str, frame: pd.DataFrame) -> str:
    """One line under table ``name``: what it shows, units, seeds, and what the interval is."""
    text = TABLES[name].caption
    if "num_seeds" in frame and frame["num_seeds"].notna().any():
        seeds = frame["num_seeds"].dropna().astype(int)
        seeds = seeds[seeds > 0] if (seeds > 0).any() else seeds  # a claim about formulas rests on no seeds
        low, high = seeds.min(), seeds.max()
        text += f" Seeds: {low}." if low == high else f" Seeds: {low} to {high}."
        text += " Below 3 seeds no interval is given." if low < 3 else ""  # noqa: PLR2004 - said in the sentence
    if "k" in frame and len(frame):
        text += f" k = {int(frame['k'].iloc[0])}."
    if "equal_on" in frame and len(frame):
        text += f" By their records the runs of a cell are equal in: {'; '.join(frame['equal_on'].unique())}."
    return text


def present(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Table ``name`` as strings under readable headers, each value folded together with its interval."""
    shown: pd.DataFrame = load(TABLES[name].show)(frame)
    return shown


def readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers as rounded text under readable headers; columns ``_low`` and ``_high`` are folded into their value."""
    shown = {}
    for column in frame.columns:
        if column.endswith(_INTERVAL_ENDS) and column.rpartition("_")[0] in frame:
            continue
        shown[header(column)] = _cells(frame, column)
    return pd.DataFrame(shown, index=frame.index)


def header(column: str) -> str:
    """Readable header of ``column``."""
    score, _, benchmark = column.partition("/")
    if benchmark:
        return f"{benchmark}, {score.replace('_at_', '@')}"
    if column.endswith("_s"):
        return f"{column.removesuffix('_s')} (s)"
    return HEADERS.get(column, column.replace("_", " "))


def _cells(frame: pd.DataFrame, column: str) -> list[str]:
    whole = column.startswith(_WHOLE) or column.endswith("num_seeds") or column in ("step", "k")
    digits = 0 if whole else 1 if column.endswith("_s") else 3
    values = [_text(value, digits) for value in frame[column]]
    if f"{column}_low" not in frame:
        return values
    bounds = zip(values, frame[f"{column}_low"], frame[f"{column}_high"], strict=True)
    # A ratio's interval is even on the logarithm only, that of a share nowhere.
    symmetric = "num_seeds" in frame and column not in ("ratio", "improved")
    fold = _half_width if symmetric else _brackets
    return [text + fold(low, high) for text, low, high in bounds]


def _text(value: Any, digits: int) -> str:  # noqa: ANN401 - whatever a table cell may hold
    if pd.isna(value):
        return MISSING
    if isinstance(value, str):
        return value
    extreme = digits and value and not SMALL <= abs(value) < LARGE
    return f"{value:.3g}" if extreme else f"{value:,.{digits}f}"


def _half_width(low: float, high: float) -> str:
    """A t-interval over seeds, which is symmetric."""
    return "" if pd.isna(low) or pd.isna(high) else f" ± {(high - low) / 2:.3f}"


def _brackets(low: float, high: float) -> str:
    """A bootstrap interval within one run, which need not be symmetric."""
    return "" if pd.isna(low) or pd.isna(high) else f" [{low:.3f}, {high:.3f}]"


def to_markdown(name: str, frame: pd.DataFrame) -> str:
    """Table ``name`` in Markdown, its caption below."""
    shown = present(name, frame)
    lines = [list(shown.columns), ["---"] * len(shown.columns), *shown.to_numpy().tolist()]
    table = "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
    empty = "" if len(frame) else "\n\nNothing to show: the study has no rows for this table."
    return f"{table}{empty}\n\n{caption(name, frame)}\n"


def write_table_files(name: str, frame: pd.DataFrame, *, folder: Path) -> None:
    """Write ``<name>.csv`` (full numbers, empty where missing), ``.md`` and ``.tex`` (rounded), each atomically."""
    write_text(folder / f"{name}.tex", latex_of(present(name, frame), caption(name, frame)))
    write_text(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
    write_text(folder / f"{name}.md", to_markdown(name, frame))
