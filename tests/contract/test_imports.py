"""Imports point down the floors, and heavy packages load only where they are used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCIENCE = ("base", "config", "records", "beliefs", "grpo", "tasks", "allocation", "study", "simulation")
LEARNING = ("torch", "transformers", "vllm")
SHOWING = ("pandas", "matplotlib", "seaborn")

PROBE = """
import importlib, pkgutil, sys
for name in sys.argv[1].split(","):
    room = importlib.import_module(f"knapsack_rl.{name}")
    for module in pkgutil.walk_packages(getattr(room, "__path__", []), f"{room.__name__}."):
        importlib.import_module(module.name)
print(",".join(name for name in sys.argv[2].split(",") if name in sys.modules))
"""


def loaded(rooms: tuple[str, ...], heavy: tuple[str, ...]) -> str:
    """Which of the heavy packages a fresh interpreter holds after importing every module of the rooms."""
    command = [sys.executable, "-c", PROBE, ",".join(rooms), ",".join(heavy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout.strip()


def test_contracts_of_the_floors_hold():
    """The layers and the forbidden imports of pyproject.toml; the output says which import breaks one."""
    # In a process of its own, because import-linter switches off the loggers of the one it runs in.
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr


def test_every_room_stands_on_a_floor():
    """A room that no layer names would escape the contract."""
    layers = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("layers = [")[1].split("]")[0]
    rooms = {path.parent.name for path in (ROOT / "knapsack_rl").glob("*/__init__.py")}
    assert {room for room in rooms if f"knapsack_rl.{room}" not in layers} == set()


@pytest.mark.parametrize(
    ("rooms", "heavy"),
    [
        pytest.param(SCIENCE, (*LEARNING, *SHOWING, "mlflow"), id="science"),
        pytest.param(("analysis", "report"), (*LEARNING, "mlflow"), id="analysis"),
        pytest.param(("cli",), (*LEARNING, *SHOWING, "mlflow"), id="cli"),
    ],
)
def test_rooms_load_nothing_heavy(rooms, heavy):
    """Login nodes parse the workflow, laptops draw figures, and the command line answers at once."""
    assert "" == loaded(rooms, heavy)


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
