"""Rooms stay small enough to be read: modules, functions, parameter lists and names."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import knapsack_rl

MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 50
MAX_PARAMETERS = 6
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "misc", "common"}

PACKAGE = Path(knapsack_rl.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
every_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_modules_are_found():
    """The other tests would pass on an empty list."""
    assert len(MODULES) > 20


@every_module
def test_module_is_short(path):
    """More than 300 lines are two ideas; split them."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_MODULE_LINES


@every_module
def test_functions_are_short(path):
    """More than 50 lines, docstring included, do not fit a screen."""
    lengths = {f"{node.name}:{node.lineno}": node.end_lineno - node.lineno + 1 for node in functions(path)}
    assert {} == {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES}


@every_module
def test_functions_have_few_parameters(path):
    """A seventh parameter means that a dataclass is missing."""
    named = {
        f"{node.name}:{node.lineno}": [
            argument.arg
            for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            if argument.arg not in ("self", "cls")
        ]
        for node in functions(path)
    }
    assert {} == {name: parameters for name, parameters in named.items() if len(parameters) > MAX_PARAMETERS}


@every_module
def test_module_is_named_after_its_idea(path):
    """A drawer for everything says nothing to a reader."""
    assert path.stem not in VAGUE_NAMES
    assert path.parent.name not in VAGUE_NAMES
