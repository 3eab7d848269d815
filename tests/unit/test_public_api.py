"""The public Python API: what is exported is documented, typed, and says which extra it lacks."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import knapsack_rl
from knapsack_rl.base.extras import MissingExtraError, explained, need

PACKAGE = Path(knapsack_rl.__file__).parent
WITHOUT = """
import sys
class Absent:  # as if they were not installed
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
sys.meta_path.insert(0, Absent())
{code}
"""


def run_without(absent, code):
    """A fresh interpreter in which some packages cannot be imported."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT.format(absent=absent, code=code)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", knapsack_rl.PUBLIC)
def test_public_name_is_documented_and_found(name):
    """A docstring of its own, also where the name comes from a subpackage."""
    found = getattr(knapsack_rl, name)
    assert (found.__doc__ or "").strip()
    assert found is getattr(importlib.import_module(knapsack_rl.PUBLIC[name]), name)


def test_the_stub_types_the_same_names():
    """Type checkers see what is there."""
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    imported = {
        alias.name: node.module for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    imported.pop("Final")
    assert imported == knapsack_rl.PUBLIC


def test_unknown_names_are_no_attributes():
    """As of any module."""
    with pytest.raises(AttributeError, match="alocate"):
        _ = knapsack_rl.alocate


def test_allocation_and_simulation_need_neither_pandas_nor_torch_nor_snakemake():
    """The base install serves an own training loop."""
    code = """
import numpy as np
from knapsack_rl import Drift, SimulationSpec, allocate, build_tracker, effective_ratios, find_pool, simulate
tracker = build_tracker("newest16")
tracker.observe(step=1, prompt_ids=["a", "b"], rewards=[[1] * 8, [0] * 7 + [1]])
print(allocate("knapsack", tracker.predict(["a", "b"]), total=16, bounds=(2, 14)).tolist())
simulate(SimulationSpec(pool=find_pool("hard"), strategy="knapsack", num_prompts=64, batch=32, epochs=1))
"""
    done = run_without(["pandas", "torch", "snakemake", "transformers", "mlflow", "matplotlib"], code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[2, 14]"


def test_a_missing_extra_is_one_line_that_names_it():
    """For the API, where it is still a ModuleNotFoundError."""
    code = """
import knapsack_rl
try:
    knapsack_rl.load_analysis
except ModuleNotFoundError as error:
    print(error)
"""
    done = run_without(["pandas"], code)
    assert done.returncode == 0, done.stderr
    assert "'pandas' is not installed; it comes with the extra `analysis`" in done.stdout


def test_a_missing_extra_ends_a_command_with_one_line():
    """Exit code 2, no traceback."""
    code = "import sys; sys.argv = ['knapsack-rl', 'table']; from knapsack_rl.cli.main import run; run()"
    done = run_without(["pandas"], code)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "extra `analysis`: pip install" in line


def test_modules_of_no_extra_keep_their_traceback():
    """Their absence is no choice of the user's."""
    assert explained(ModuleNotFoundError(name="knapsack_rl.nope")) is None


def test_what_is_needed_is_asked_for_before_the_work():
    """`need` raises for the first that is missing."""
    need("numpy")
    with pytest.raises(MissingExtraError, match="certainly_absent is not installed"):
        need("numpy", "certainly_absent")
