"""The rivals in benchmarks/allocation.py solve the problem they are timed on."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from knapsack_rl.allocation.value import knapsack_value

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))  # as for a script that is started
SCRIPT = runpy.run_path(str(BENCHMARKS / "allocation.py")) | runpy.run_path(str(BENCHMARKS / "exact_methods.py"))
sys.path.remove(str(BENCHMARKS))


@pytest.mark.parametrize("method", ["dynamic_program", "linear_program", "ortools_program"])
def test_exact_methods_agree(method):
    """Four exact methods, one optimum."""
    if method == "ortools_program":
        pytest.importorskip("ortools")
    p_P = np.random.default_rng(1).random(20)
    exact_P, other_P = SCRIPT["exact"](p_P, 160), SCRIPT[method](p_P, 160)
    assert exact_P.sum() == other_P.sum() == 160
    assert knapsack_value(other_P, p_P).sum() == pytest.approx(knapsack_value(exact_P, p_P).sum(), rel=1e-9)


def test_genetic_algorithm_is_feasible_better_than_uniform_and_no_better_than_the_optimum():
    """A few generations respect bounds and total, improve on equal counts, and never beat the exact solver."""
    p_P = np.random.default_rng(2).random(12)
    counts_P = SCRIPT["genetic"](p_P, 96, generations=20)
    assert (counts_P.sum(), counts_P.min() >= 2, counts_P.max() <= 128) == (96, True, True)
    found = knapsack_value(counts_P, p_P).sum()
    assert knapsack_value(np.full(12, 8), p_P).sum() < found
    assert found <= knapsack_value(SCRIPT["exact"](p_P, 96), p_P).sum() + 1e-12


def test_repair_meets_bounds_and_total():
    """Too much, too little, and counts outside the bounds."""
    rng = np.random.default_rng(0)
    for wild_P in ([500, 0, -3, 8], [2, 2, 2, 2], [128, 128, 128, 128]):
        counts_P = SCRIPT["repair"](np.array(wild_P), 32, rng=rng)
        assert (counts_P.sum(), counts_P.min() >= 2, counts_P.max() <= 128) == (32, True, True)
