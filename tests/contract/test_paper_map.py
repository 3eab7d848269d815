"""docs/paper_map.md is true: what it names exists, and it lists every departure from the paper."""

import re
from collections import Counter
from pathlib import Path

import pytest

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
