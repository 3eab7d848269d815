"""Readable tables in LaTeX, for the package booktabs."""

import re

import pandas as pd

_ESCAPES = str.maketrans(
    {"\\": r"\textbackslash{}", "±": r"$\pm$", "~": r"\textasciitilde{}", **{mark: f"\\{mark}" for mark in "&%$#_{}"}}
)


def latex_of(shown: pd.DataFrame, caption: str) -> str:
    """A ``tabular`` of cells that are text already, the caption as a comment above; ``**bold**`` becomes bold."""
    cells: list[list[object]] = [list(shown.columns), *shown.to_numpy().tolist()]
    rows = [[_escape(str(cell)) for cell in row] for row in cells]
    lines = [" & ".join(row) + r" \\" for row in rows]
    head = [f"% {caption}", r"\begin{tabular}{" + "l" * len(shown.columns) + "}", r"\toprule", lines[0], r"\midrule"]
    return "\n".join([*head, *lines[1:], r"\bottomrule", r"\end{tabular}"]) + "\n"


def _escape(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"\\textbf{\1}", text.translate(_ESCAPES))
