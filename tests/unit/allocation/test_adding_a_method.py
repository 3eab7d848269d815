"""The example of docs/adding_a_method.md is run as it is printed: in a simulation."""

import re
import sys
from pathlib import Path

import pytest

from knapsack_rl.simulation import POOLS, SimulationSpec, simulate

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "adding_a_method.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def second_chance(tmp_path, monkeypatch):
    """The printed module as a file in the current folder."""
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    (tmp_path / "second_chance.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("second_chance", None)


def test_example_runs_in_a_simulation():
    """It never draws more than the budget, and less where nothing failed."""
    spec = SimulationSpec(pool=POOLS["hard"], strategy="second_chance:SecondChance", num_prompts=64, batch=32, epochs=2)
    drawn = [row["num_rollouts"] for row in simulate(spec).steps]
    assert all(4 * 32 < number <= 8 * 32 for number in drawn)


def test_files_named_in_the_text_exist():
    named = set(re.findall(r"`((?:knapsack_rl|tests|docs)/[\w/.]+)`", TEXT))
    assert len(named) > 2
    assert {name for name in named if not (ROOT / name).exists()} == set()
