"""The numbers of the README and of docs/reference_run.md are those of the committed tables."""

import csv
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUN = (ROOT / "docs" / "reference_run.md").read_text(encoding="utf-8")
LONGEST = 120
"""Lines of the README: a page and a half."""
REFERENCE = ROOT / "results" / "reference" / "arithmetic"
METRICS = ("ratio_rollouts", "ratio_prompts", "accuracy/average")


def _cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_differences_are_those_of_the_reference():
    """Every difference and interval, for every arm, model and budget."""
    with (REFERENCE / "differences.csv").open(encoding="utf-8") as file:
        rows = {(row["arm"], f"{row['model']}, {row['budget']}", row["metric"]): row for row in csv.DictReader(file)}
    expected = {
        (arm, cell, *(_interval(rows[arm, cell, metric]) for metric in METRICS))
        for arm, cell, metric in rows
        if metric == METRICS[0]
    }
    found = {tuple(_cells(line)) for line in RUN.splitlines() if re.match(r"\| \w+ \| \w+, \d+ \|", line)}
    assert found == expected


def _interval(row):
    if not row["ci_low"]:
        return f"{float(row['difference']):+.3f} (n = {row['num_seeds']})"
    difference, low, high = (float(row[name]) for name in ("difference", "ci_low", "ci_high"))
    return f"{difference:+.3f} [{low:+.3f}, {high:+.3f}]"


def test_claims_are_those_of_the_reference():
    """Every claim with its number and verdict, those judged per N at the paper's."""
    table = (REFERENCE / "claims.md").read_text(encoding="utf-8").splitlines()
    header = _cells(next(line for line in table if line.startswith("| claim")))
    shown = [
        header.index(name) for name in ("claim", "N", "role", "what is claimed", "this study [95% interval]", "verdict")
    ]
    rows = [_cells(line) for line in table if re.match(r"\| [RL]\d", line)]
    expected = [[row[column] for column in shown] for row in rows if row[header.index("N")] in ("8", "all")]
    assert expected
    assert [_cells(line) for line in RUN.splitlines() if re.match(r"\| [RL]\d", line)] == expected


def test_readme_is_short():
    """What it is, the answer, two commands, what comes out, where to go on."""
    assert len(README.splitlines()) <= LONGEST


def test_the_answer_at_the_top_is_that_of_the_reference():
    """Points of both rules in the deciding cell, with the intervals that the sentences name."""
    top = README[: README.index("## Run it")]
    with (REFERENCE / "differences.csv").open(encoding="utf-8") as file:
        rows = {(r["arm"], r["metric"]): r for r in csv.DictReader(file) if (r["model"], r["budget"]) == ("tiny", "8")}
    for arm, metric, with_interval in (
        ("knapsack", "ratio_rollouts", True),
        ("knapsack", "ratio_prompts", True),
        ("knapsack", "accuracy/average", False),  # its upper end is told with two digits
        ("knapsack_posterior", "ratio_rollouts", False),
        ("knapsack_posterior", "ratio_prompts", False),
        ("knapsack_posterior", "accuracy/average", True),
    ):
        row = rows[arm, metric]
        assert f"{abs(100 * float(row['difference'])):.1f}" in top, (arm, metric)
        ends = sorted(abs(100 * float(row[end])) for end in ("ci_low", "ci_high"))
        negative_both = float(row["difference"]) < 0 and metric == "accuracy/average"
        told = f"[-{ends[1]:.1f}, -{ends[0]:.1f}]" if negative_both else f"[{ends[0]:.1f}, {ends[1]:.1f}]"
        assert not with_interval or told in top, (arm, metric, told)
