"""The example of docs/adding_a_method.md is run as it is printed: in a simulation."""

import re
import sys
import types
from pathlib import Path

import pytest

from knapsack_rl.allocation import registry
from knapsack_rl.beliefs.options import NamedChoices
from knapsack_rl.simulation import POOLS, SimulationSpec, simulate

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "adding_a_method.md").read_text(encoding="utf-8")


@pytest.fixture
def second_chance(monkeypatch):
    """The printed module, imported, and its class in the registry."""
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    module = types.ModuleType("second_chance")
    monkeypatch.setitem(sys.modules, "second_chance", module)
    exec(compile(code, "docs/adding_a_method.md", "exec"), module.__dict__)  # noqa: S102 - our own documentation
    known = {choice.name: choice for choice in (*registry._CLASSES, *registry._SEQUENTIAL, module.SecondChance)}
    monkeypatch.setattr(registry, "_METHODS", NamedChoices("strategy", known))


@pytest.mark.usefixtures("second_chance")
def test_example_runs_in_a_simulation():
    """It never draws more than the budget, and less where nothing failed."""
    spec = SimulationSpec(pool=POOLS["hard"], strategy="second_chance", num_prompts=64, batch=32, epochs=2)
    drawn = [row["num_rollouts"] for row in simulate(spec).steps]
    assert all(4 * 32 < number <= 8 * 32 for number in drawn)


def test_files_named_in_the_text_exist():
    named = set(re.findall(r"`((?:knapsack_rl|tests|docs)/[\w/.]+)`", TEXT))
    assert len(named) > 2
    assert {name for name in named if not (ROOT / name).exists()} == set()
