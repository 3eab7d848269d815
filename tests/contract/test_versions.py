"""The version is told once and repeated truly."""

from pathlib import Path

import yaml

from knapsack_rl import __version__

ROOT = Path(__file__).parents[2]


def test_changelog_has_this_version():
    """A heading of its own, released or not."""
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line[:3] == "## "]
    assert [heading for heading in headings if f"[{__version__}]" in heading]


def test_citation_has_this_version():
    """Who cites the software cites what they ran."""
    assert __version__ == yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"]
