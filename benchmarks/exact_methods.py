"""Exact methods for the allocation problem, beside the package's own solver: rivals in ``allocation.py``."""

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from knapsack_rl.allocation import solve
from knapsack_rl.allocation.value import knapsack_increment, knapsack_value

LOW, HIGH, SHARE = 2, 128, 8
Rates = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def exact(p_P: Rates, total: int) -> Counts:
    """The package's solver, every prompt its own kind."""
    return solve(
        lambda kind_M, n_M: knapsack_increment(n_M, p_P[kind_M]),
        low_P=np.full(len(p_P), LOW),
        high_P=HIGH,
        total=total,
    )


def dynamic_program(p_P: Rates, total: int) -> Counts:
    """Textbook recursion over prompts and rollouts spent; O(P budget range) time, O(P budget) memory."""
    extra, most = total - LOW * len(p_P), HIGH - LOW
    best = np.full(extra + 1, -np.inf)
    best[0] = 0.0
    choice = np.zeros((len(p_P), extra + 1), dtype=np.int16)
    for i, p in enumerate(p_P):
        value_N = knapsack_value(np.arange(LOW, HIGH + 1), p)
        following = best + value_N[0]
        for k in range(1, min(most, extra) + 1):
            candidate = best[:-k] + value_N[k]
            better = candidate > following[k:]
            following[k:][better] = candidate[better]
            choice[i, k:][better] = k
        best = following
    counts_P, left = np.full(len(p_P), LOW), extra
    for i in range(len(p_P) - 1, -1, -1):
        counts_P[i] += choice[i, left]
        left -= int(choice[i, left])
    return counts_P


def linear_program(p_P: Rates, total: int) -> Counts:
    """One variable in 0..1 per prompt and further rollout, solved by HiGHS (scipy).

    Increments fall, so an optimal vertex takes the first rollouts of each prompt, whole: the relaxation is exact.
    """
    gain_PN = _gains(p_P)
    found = linprog(
        -gain_PN.ravel(), A_eq=np.ones((1, gain_PN.size)), b_eq=[total - LOW * len(p_P)], bounds=(0, 1), method="highs"
    )
    return LOW + np.rint(found.x.reshape(gain_PN.shape)).astype(np.int64).sum(axis=1)


def ortools_program(p_P: Rates, total: int) -> Counts:
    """The same linear program by GLOP of OR-Tools."""
    import pandas as pd
    from ortools.linear_solver.python import model_builder

    gain_PN = _gains(p_P)
    model = model_builder.Model()
    taken = model.new_num_var_series("taken", pd.RangeIndex(gain_PN.size), lower_bounds=0, upper_bounds=1)
    model.add(taken.sum() == total - LOW * len(p_P))
    model.maximize(taken.dot(gain_PN.ravel()))
    solver = model_builder.Solver("GLOP")
    if solver.solve(model) != model_builder.SolveStatus.OPTIMAL:
        raise RuntimeError("GLOP found no optimum")
    values = solver.values(taken).to_numpy().reshape(gain_PN.shape)
    return LOW + np.rint(values).astype(np.int64).sum(axis=1)


def _gains(p_P: Rates) -> Rates:
    """What each further rollout of each prompt adds, [prompts, HIGH - LOW]."""
    return np.diff(knapsack_value(np.arange(LOW, HIGH + 1), p_P[:, None]), axis=1)


def exact_methods() -> dict[str, Callable[[Rates, int], Counts]]:
    """Every exact method by name; OR-Tools where it is installed."""
    found = {
        "exact solver": exact,
        "dynamic program": dynamic_program,
        "linear program (HiGHS)": linear_program,
    }
    return found | ({"linear program (OR-Tools GLOP)": ortools_program} if find_spec("ortools") else {})
