"""The example of docs/adding_a_strategy.md is run as it is printed."""

import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from knapsack_rl.allocation import AllocationRequest, registry, run_strategy
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs import BeliefArrays
from knapsack_rl.beliefs.options import NamedChoices

TEXT = (Path(__file__).parents[3] / "docs" / "adding_a_strategy.md").read_text(encoding="utf-8")


@pytest.fixture
def near_half(monkeypatch):
    """The printed module, imported, and its class in the registry."""
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    module = types.ModuleType("near_half")
    monkeypatch.setitem(sys.modules, "near_half", module)
    exec(compile(code, "docs/adding_a_strategy.md", "exec"), module.__dict__)  # noqa: S102 - our own documentation
    classes = (*registry._CLASSES, module.NearHalf)
    monkeypatch.setattr(registry, "_CLASSES", classes)
    monkeypatch.setattr(registry, "_METHODS", NamedChoices("strategy", {choice.name: choice for choice in classes}))


@pytest.mark.usefixtures("near_half")
def test_example_runs_under_the_contract():
    """Built by name with an option, it gives most to the prompt at one half, and the uniform share to an unseen one."""
    assert "near_half" in registry.strategy_names()
    request = AllocationRequest(total=32, low=2, high=30, prompt_ids=("a", "b", "c", "d"))
    counts_P, state = run_strategy(
        registry.build_strategy("near_half", {"width": 0.2}),
        BeliefArrays.of([0.1, 0.5, 0.7, np.nan]),
        request=request,
        state={},
        rng=np.random.default_rng(0),
    )
    assert counts_P.argmax() == 1
    assert counts_P[3] == 8
    assert state == {}


@pytest.mark.usefixtures("near_half")
def test_example_checks_its_option():
    """As the text says."""
    with pytest.raises(ConfigError, match="option width = 0 must be above 0"):
        registry.build_strategy("near_half", {"width": 0.0})


def test_files_named_in_the_text_exist():
    """Paths in backticks."""
    root = Path(__file__).parents[3]
    named = set(re.findall(r"`((?:knapsack_rl|tests|docs)/[\w/.]+)`", TEXT))
    assert len(named) > 4
    assert {name for name in named if not (root / name).exists()} == set()
