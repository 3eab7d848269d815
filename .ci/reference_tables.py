"""Write the tables of differences and claims in docs/reference_run.md anew from results/reference/arithmetic.

After `knapsack-rl export-reference results/arithmetic`; tests/contract/test_readme.py checks that it was done.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

PAGE = Path("docs/reference_run.md")
REFERENCE = Path("results/reference/arithmetic")
METRICS = ("ratio_rollouts", "ratio_prompts", "accuracy/average")
DIFFERENCE_ROW, CLAIM_ROW = re.compile(r"\| \w+ \| \w+, \d+ \|"), re.compile(r"\| [RL]\d")
CLAIM_COLUMNS = ("claim", "N", "role", "what is claimed", "this study [95% interval]", "verdict")
SHOWN_BUDGETS = ("8", "all")
"""The paper's N, and claims over all budgets."""


def cells(line: str) -> list[str]:
    """The cells of a row of a Markdown table."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def row(*texts: str) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(texts)} |"


def differences() -> Iterator[str]:
    """One row per arm, model and budget, in the order of the table."""
    with (REFERENCE / "differences.csv").open(encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    by_metric = {(one["arm"], one["model"], one["budget"], one["metric"]): one for one in found}
    cells_in_order = dict.fromkeys((one["arm"], one["model"], one["budget"]) for one in found)
    # Arms one below the other: the study's table has them within a model and budget.
    for arm in dict.fromkeys(arm for arm, _, _ in cells_in_order):
        for cell in (cell for cell in cells_in_order if cell[0] == arm):
            yield row(arm, f"{cell[1]}, {cell[2]}", *(interval(by_metric[*cell, metric]) for metric in METRICS))


def interval(one: dict[str, str]) -> str:
    """A difference and its interval; below three replicates there is none."""
    if not one["ci_low"]:
        return f"{float(one['difference']):+.3f} (n = {one['num_seeds']})"
    difference, low, high = (float(one[name]) for name in ("difference", "ci_low", "ci_high"))
    return f"{difference:+.3f} [{low:+.3f}, {high:+.3f}]"


def claims() -> Iterator[str]:
    """One row per claim; of those judged per N that of the paper's."""
    lines = (REFERENCE / "claims.md").read_text(encoding="utf-8").splitlines()
    header = cells(next(line for line in lines if line.startswith("| claim")))
    for line in filter(CLAIM_ROW.match, lines):
        found = dict(zip(header, cells(line), strict=True))
        if found["N"] in SHOWN_BUDGETS:
            yield row(*(found[name] for name in CLAIM_COLUMNS))


def replaced(lines: list[str], pattern: re.Pattern[str], *, new: Iterator[str]) -> list[str]:
    """The lines with the block of rows that match ``pattern`` replaced."""
    at = [number for number, line in enumerate(lines) if pattern.match(line)]
    return [*lines[: at[0]], *new, *lines[at[-1] + 1 :]]


if __name__ == "__main__":
    text = replaced(PAGE.read_text(encoding="utf-8").splitlines(), DIFFERENCE_ROW, new=differences())
    PAGE.write_text("\n".join(replaced(text, CLAIM_ROW, new=claims())) + "\n", encoding="utf-8")
