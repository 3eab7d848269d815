"""Imports point down the layers and in no circle, and heavy packages load only where they are used."""

import ast
import subprocess
import sys
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
SCIENCE = ("base", "config", "records", "beliefs", "grpo", "tasks", "allocation", "study", "simulation")
LEARNING = ("torch", "transformers", "vllm")
SHOWING = ("pandas", "matplotlib", "seaborn")

PROBE = """
import importlib, pkgutil, sys
for name in sys.argv[1].split(","):
    package = importlib.import_module(f"knapsack_rl.{name}")
    for module in pkgutil.walk_packages(getattr(package, "__path__", []), f"{package.__name__}."):
        importlib.import_module(module.name)
print(",".join(name for name in sys.argv[2].split(",") if name in sys.modules))
"""


def loaded(packages: tuple[str, ...], heavy: tuple[str, ...]) -> str:
    """Which of the heavy packages a fresh interpreter holds after importing every module of the packages."""
    command = [sys.executable, "-c", PROBE, ",".join(packages), ",".join(heavy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout.strip()


def test_contracts_of_the_layers_hold():
    """The layers and the forbidden imports of pyproject.toml; the output says which import breaks one."""
    # In a process of its own, because import-linter switches off the loggers of the one it runs in.
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr


def test_no_imports_go_in_a_circle():
    """Neither among modules, imports inside functions and for type checking included, nor among packages."""
    graph = grimp.build_graph("knapsack_rl", cache_dir=None)
    of_modules = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    of_packages = defaultdict(set)
    for module, imported in of_modules.items():
        of_packages[_package(module)] |= {_package(other) for other in imported} - {_package(module)}
    assert sum(map(len, of_modules.values())) > len(of_modules)
    for imports in (of_modules, of_packages):
        TopologicalSorter(imports).prepare()  # CycleError names the circle


def _package(module):
    return ".".join(module.split(".")[:2])


def test_every_package_stands_in_a_layer():
    """A package that no layer names would escape the contract."""
    layers = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("layers = [")[1].split("]")[0]
    packages = {path.parent.name for path in (ROOT / "knapsack_rl").glob("*/__init__.py")}
    assert {package for package in packages if f"knapsack_rl.{package}" not in layers} == set()


@pytest.mark.parametrize(
    ("packages", "heavy"),
    [
        pytest.param(SCIENCE, (*LEARNING, *SHOWING, "mlflow"), id="science"),
        pytest.param(("analysis", "report"), (*LEARNING, "mlflow"), id="analysis"),
        pytest.param(("cli",), (*LEARNING, *SHOWING, "mlflow"), id="cli"),
    ],
)
def test_packages_load_nothing_heavy(packages, heavy):
    """Login nodes parse the workflow, laptops draw figures, and the command line answers at once."""
    assert "" == loaded(packages, heavy)


def test_one_file_imports_vllm():
    """Whatever the engine's next version renames is repaired in one place."""
    importing = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "knapsack_rl").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom) and "vllm" in {name.split(".")[0] for name in _imported(node)}
    }
    assert importing == {"knapsack_rl/sampler/vllm_engine.py"}


def _imported(node):
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
