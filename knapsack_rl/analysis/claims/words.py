"""The claims table for people: numbers with their units, and where the line was."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from knapsack_rl.analysis.claims.verdict import CONTRADICTED
from knapsack_rl.analysis.show.readable import MISSING

MISSING_BUDGET = "all"
"""A claim that is judged over the study's budgets together."""
ALPHA = 0.05
"""Level at which a verdict survives the adjustment for many claims."""

_FORMATS: Mapping[str, Callable[[float], str]] = {
    "share": lambda value: f"{value:.1%}".replace("%", " %"),
    "percent": lambda value: f"{value:+.1%}".replace("%", " %"),
    "saved": lambda value: f"{value:+.1%}".replace("%", " %"),
    "points": lambda value: f"{100 * value:+.1f} points",
    "times": lambda value: f"{value:.2f} times",
    "seconds": lambda value: f"{value:.2g} s",
    "rollouts": lambda value: f"{value:.1f}",
    "rate": lambda value: f"{value:.3f}",
}


def fold_claims(frame: pd.DataFrame) -> pd.DataFrame:
    """The claims table as strings: one line per claim, the interval beside the number."""
    rows = [_line(row) for row in frame.to_dict("records")]
    return pd.DataFrame(rows, columns=list(_line(dict.fromkeys(frame.columns, ""))), index=frame.index)


def _line(row: Mapping[Any, Any]) -> dict[str, str]:
    return {
        "claim": row["claim"],
        "N": MISSING_BUDGET if _unknown(row["budget"]) else f"{int(row['budget'])}",
        "role": row["role"],
        "what is claimed": row["says"],
        "this study [95% interval]": _number(row),
        "verdict": _verdict(row),  # early, so that it is seen without scrolling
        "what it would take": MISSING if _unknown(row["takes"]) else str(row["takes"]),
        "measured here": row["measured"],
        "supported when": _supported_when(row),
        "seeds": _count(row["num_seeds"]),
        "runs": _count(row["num_runs"]),
        "p (Holm)": MISSING if _unknown(row["p_holm"]) else f"{row['p_holm']:.2g}",
    }


def _supported_when(row: Mapping[Any, Any]) -> str:
    lower = _text(row, "threshold").lstrip("+")
    return f"{row['side']} {lower}" if row["side"] != "within" else f"from {lower} to {_text(row, 'upper').lstrip('+')}"


def _verdict(row: Mapping[Any, Any]) -> str:
    more = row["verdict"] == CONTRADICTED and not _unknown(row["upper"]) and row["value"] > row["upper"]
    said = f"{row['verdict']} (more than claimed)" if more else str(row["verdict"])
    return f"{said}, not significant after Holm correction" if not_after_holm(row) else said


def not_after_holm(row: Mapping[Any, Any]) -> bool:
    """Is there a confirmatory verdict that the adjustment within the family would take back?"""
    return _unknown(row["takes"]) and not _unknown(row["p_holm"]) and bool(row["p_holm"] >= ALPHA)


def _number(row: Mapping[Any, Any]) -> str:
    if _unknown(row["value"]):
        return MISSING
    member = f" ({row['member']})" if row["member"] and not _unknown(row["member"]) else ""
    if _unknown(row["low"]):
        return _text(row, "value") + member
    exact = row["low"] == row["high"] and not row["num_seeds"]
    ends = " (exact)" if exact else f" [{_text(row, 'low')}, {_text(row, 'high')}]"
    return _text(row, "value") + ends + member


def _text(row: Mapping[Any, Any], key: str) -> str:
    return "" if row[key] == "" else _FORMATS[row["unit"]](float(row[key]))


def _count(value: Any) -> str:  # noqa: ANN401 - whatever a table cell may hold
    return f"{int(value)}" if value else ""


def _unknown(value: Any) -> bool:  # noqa: ANN401 - the same
    return value == "" or bool(pd.isna(value))
