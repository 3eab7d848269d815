"""The example of docs/adding_a_strategy.md is run as it is printed, from a file outside the package."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from knapsack_rl.allocation import AllocationRequest, build_strategy, default_belief, run_strategy
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs import BeliefArrays

TEXT = (Path(__file__).parents[3] / "docs" / "adding_a_strategy.md").read_text(encoding="utf-8")
NAME = "near_half:NearHalf"


@pytest.fixture(autouse=True)
def near_half(tmp_path, monkeypatch):
    """The printed module as a file in the current folder."""
    code = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)[0]
    (tmp_path / "near_half.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "near_half", raising=False)
    yield
    sys.modules.pop("near_half", None)


def test_example_runs_under_the_contract():
    """Built by module and class with an option, it gives most at one half, and an unseen prompt its share."""
    request = AllocationRequest(total=32, low=2, high=30, prompt_ids=("a", "b", "c", "d"))
    counts_P, state = run_strategy(
        build_strategy(NAME, {"width": 0.2}),
        BeliefArrays.of([0.1, 0.5, 0.7, np.nan]),
        request=request,
        state={},
        rng=np.random.default_rng(0),
    )
    assert counts_P.argmax() == 1
    assert counts_P[3] == 8
    assert state == {}
    assert default_belief(NAME) == "newest16"


def test_a_control_wraps_it():
    """`of` takes what `strategy` takes."""
    assert build_strategy("oracle", {"of": NAME, "options": {"width": 0.5}}).inner.width == 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0.0}, "option width = 0 must be above 0"),
        ({"width": "wide"}, "strategy 'near_half:NearHalf': option width = 'wide' must be a finite number"),
        ({"widht": 1.0}, "has no option 'widht' .* did you mean 'width'"),
    ],
)
def test_example_checks_its_option(options, message):
    """As the text says."""
    with pytest.raises(ConfigError, match=message):
        build_strategy(NAME, options)


def test_files_named_in_the_text_exist():
    """Paths in backticks."""
    root = Path(__file__).parents[3]
    named = set(re.findall(r"`((?:knapsack_rl|tests|docs)/[\w/.]+)`", TEXT))
    assert len(named) > 4
    assert {name for name in named if not (root / name).exists()} == set()
