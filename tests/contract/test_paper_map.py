"""docs/paper_map.md is true: what it names exists, and it lists every departure from the paper."""

import re
from collections import Counter
from pathlib import Path

import pytest

from knapsack_rl.analysis.catalogue import FIGURE_NAMES, TABLE_NAMES
from knapsack_rl.analysis.claims.catalogue import CLAIMS

ROOT = Path(__file__).parents[2]
MAP = ROOT / "docs" / "paper_map.md"
TEXT = MAP.read_text(encoding="utf-8") if MAP.exists() else ""

SOURCE = re.compile(r"`((?:[\w.-]+/)+[\w-]+\.(?:py|smk|md|yaml|yml|toml|rst))(?:::([\w.]+))?`")
"""A path in backticks, alone or as ``room/file.py::name``; a bare file name is one of the released code."""
REFERENCES = sorted(
    {(path, name) for path, name in SOURCE.findall(TEXT) if not path.startswith(("results/", "figures/"))}
)


def test_map_names_files():
    """The other tests would pass on an empty map."""
    assert len(REFERENCES) > 5


@pytest.mark.parametrize(("path", "name"), REFERENCES)
def test_named_file_exists(path, name):
    """So does the function or class behind ``::``."""
    assert (ROOT / path).is_file()
    if name:
        last = re.escape(name.split(".")[-1])
        definition = rf"^\s*(?:async )?(?:def|class) {last}\b|^\s*{last}\s*[:=]"
        assert re.search(definition, (ROOT / path).read_text(encoding="utf-8"), flags=re.MULTILINE)


COLUMNS = ["in the paper or its code", "function", "rule", "output", "test", "status"]
RULES = {
    name
    for path in (ROOT / "workflow" / "rules").glob("*.smk")
    for name in re.findall(r"^ *rule (\w+):", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
}
OUTPUTS = {
    *(f"tables/{name}.csv" for name in TABLE_NAMES),
    *(f"figures/{name}.png" for name in FIGURE_NAMES),
    *("analysis/steps.parquet", "runs/<run>/steps.parquet", "runs/<run>/groups.parquet"),
}


def _rows(header):
    lines = TEXT.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(f"| {header} |"))
    table = [line for line in lines[start:] if line.startswith("|") or not line]
    table = table[: table.index("")] if "" in table else table
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def _named(cell):
    return re.findall(r"`([^`]+)`", cell)


def test_first_table_has_all_columns():
    """Nothing of a row is left open."""
    header, _, *rows = _rows(COLUMNS[0])
    assert header == COLUMNS
    assert len(rows) > 25
    assert all(len(row) == len(COLUMNS) and all(row) for row in rows)


@pytest.mark.parametrize("row", _rows(COLUMNS[0])[2:], ids=lambda row: row[0][:40])
def test_row_names_function_rule_output_and_test(row):
    """Each is one that there is: a function in a file, a rule or command, a product of the workflow, a test file."""
    _, functions, rules, outputs, tests, status = row
    assert all(re.fullmatch(r"knapsack_rl/[\w/]+\.py::\w+", name) for name in _named(functions)), functions
    assert all(name in RULES or name.startswith("knapsack-rl ") for name in _named(rules)), rules
    assert all(name in OUTPUTS or (ROOT / name).is_file() for name in _named(outputs)), outputs
    assert all(name.startswith("tests/") and (ROOT / name).is_file() for name in _named(tests)), tests
    assert all(map(_named, (functions, rules, outputs, tests)))
    assert status.startswith(("in place", "departs", "an option", "added"))


def test_what_claims_are_seen_in_has_a_row():
    """A claim names tables and figures that there are, and from the paper one finds the code behind them."""
    named = {name for row in _rows(COLUMNS[0])[2:] for name in _named(row[3])}
    for claim in CLAIMS:
        for product in claim.seen_in:
            files = {f"tables/{product}.csv", f"figures/{product}.png"}
            assert files & OUTPUTS, f"{claim.id}: {product} is neither a table nor a figure"
            assert files & named, f"{claim.id}: {product} has no row in the map"


def test_every_deviation_is_listed():
    """One line under the heading "Deviations" per ``DEVIATION:`` in the code, beginning with the file it is in."""
    section = re.split(r"^#+ .*Deviations.*$", TEXT, flags=re.MULTILINE)[-1].split("\n#")[0]
    entries = [line for line in section.splitlines() if line.startswith(("- ", "* ", "|"))]
    listed = Counter(found[1] for line in entries if (found := re.search(r"`(knapsack_rl/[\w/]+\.py)", line)))
    marked = Counter(
        {
            str(path.relative_to(ROOT)): count
            for path in (ROOT / "knapsack_rl").rglob("*.py")
            if (count := path.read_text(encoding="utf-8").count("DEVIATION:"))
        }
    )
    assert marked == listed
