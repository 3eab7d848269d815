"""The rivals in benchmarks/allocation.py solve the problem they are timed on."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from knapsack_rl.allocation.value import knapsack_value

SCRIPT = runpy.run_path(str(Path(__file__).parents[3] / "benchmarks" / "allocation.py"))


def test_dynamic_program_and_solver_agree():
    """Two exact methods, one optimum."""
    p_P = np.random.default_rng(1).random(20)
    exact_P, program_P = SCRIPT["exact"](p_P, 160), SCRIPT["dynamic_program"](p_P, 160)
    assert exact_P.sum() == program_P.sum() == 160
    assert knapsack_value(program_P, p_P).sum() == pytest.approx(knapsack_value(exact_P, p_P).sum(), rel=1e-12)


def test_evolution_is_feasible_and_no_better():
    """A few generations already respect bounds and total, and never beat the optimum."""
    p_P = np.random.default_rng(2).random(12)
    counts_P = SCRIPT["evolution"](p_P, 96, generations=20)
    assert counts_P.sum() == 96
    assert counts_P.min() >= 2
    assert knapsack_value(counts_P, p_P).sum() <= knapsack_value(SCRIPT["exact"](p_P, 96), p_P).sum() + 1e-12
