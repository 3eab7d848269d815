"""The league table for people: ranks and differences with their intervals, bold only what Holm's adjustment leaves."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from knapsack_rl.analysis.inference.stats import CONFIDENCE
from knapsack_rl.analysis.show.readable import MISSING

Cell = Callable[[Mapping[Any, Any]], str]


def show_league(frame: pd.DataFrame) -> pd.DataFrame:
    """The table ``league`` as text; what the runs are equal in stands in the caption."""
    rows = [{name: cell(row) for name, cell in CELLS.items()} for row in frame.to_dict("records")]
    return pd.DataFrame(rows, columns=list(CELLS), index=frame.index)


def _text(name: str, form: str = "") -> Cell:
    return lambda row: MISSING if pd.isna(row[name]) else format(row[name], form)


def _with_ends(name: str, form: str = "+.3f") -> Cell:
    def cell(row: Mapping[Any, Any]) -> str:
        low, high = row[f"{name}_low"], row[f"{name}_high"]
        ends = "" if pd.isna(low) or pd.isna(high) else f" [{low:{form}}, {high:{form}}]"
        return MISSING if pd.isna(row[name]) else f"{row[name]:{form}}{ends}"

    return cell


def _accuracy(row: Mapping[Any, Any]) -> str:
    text = _with_ends("difference")(row)
    clear = not pd.isna(row["p_holm"]) and row["p_holm"] < 1 - CONFIDENCE
    return f"**{text}**" if clear else text


CELLS: Mapping[str, Cell] = {
    "model": _text("model"),
    "N": _text("budget"),
    "arm": _text("arm"),
    "role": _text("role"),
    "n": _text("num_seeds"),
    "rank": _with_ends("rank", ".0f"),
    "first": _text("first", ".0%"),
    "accuracy over uniform": _accuracy,
    "p (Holm)": _text("p_holm", ".2g"),
    "improvement": _with_ends("improvement", ".2f"),
    "ratio by rollouts": _with_ends("ratio_rollouts_difference"),
    "ratio by prompts": _with_ends("ratio_prompts_difference"),
    "objective over equal counts": _with_ends("objective_gain"),
    "tokens to reach, uniform / arm": _with_ends("tokens_ratio", ".2f"),
    "wasted": _with_ends("wasted", ".2f"),
    "discovered": _with_ends("discovered", ".2f"),
    "pass@1": _text("pass_at_1", ".3f"),
    "pass@k": _text("pass_at_k", ".3f"),
    "pass@k over uniform": _with_ends("pass_at_k_difference"),
    "rounds a step": _text("rounds_per_step", ".2f"),
    "steps": _text("total_steps", ",.0f"),
    "rollouts": _text("total_rollouts", ",.0f"),
    "response tokens": _text("total_response_tokens", ",.0f"),
    "seconds": _text("seconds", ",.0f"),
}
"""Headers and what stands under them."""
