"""Within the analysis no module imports, over however many others, itself: it can be read from the ground up."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "knapsack_rl.analysis"
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "knapsack_rl" / "analysis").rglob("*.py")
}


def imported(path):
    """Modules of the package that a file imports, also within functions."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)]
    named = {f"{node.module}.{alias.name}" for node in nodes for alias in node.names}
    return {name for name in {node.module for node in nodes} | named if name in FILES}


@pytest.mark.parametrize("depth", [3, None], ids=["sub-packages", "modules"])
def test_no_circle(depth):
    """Sorting raises an error that names the circle."""
    graph = {}
    for name, path in FILES.items():
        cut = ".".join(name.split(".")[:depth])
        graph.setdefault(cut, set()).update({".".join(other.split(".")[:depth]) for other in imported(path)} - {cut})
    graph.pop(PACKAGE)
    order = list(TopologicalSorter(graph).static_order())
    assert len(order) > 5
