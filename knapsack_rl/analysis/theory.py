"""The paper's theory as a table and what its figures show: theorem 1 and the value of rollouts. Needs no run."""

import pandas as pd

from knapsack_rl.allocation.grids import value_rows
from knapsack_rl.allocation.theorem import CURVE_RATES, theorem_rows
from knapsack_rl.allocation.value import p_nonzero_gradient
from knapsack_rl.analysis.frames import StudyFrames

RATES = (0.5, 0.25, 0.125, 0.0625, 0.05, 0.02, 0.01, 0.99)
BUDGETS = (4, 8, 16, 128)


def theorem_table(_: StudyFrames) -> pd.DataFrame:
    """Theorem 1 per success rate: mean rollouts until both outcomes, rollouts for a chance of 0.9, chance at N.

    Columns of ``allocation.theorem.theorem_rows`` and ``p_nonzero_n<N>``: the chance of a non-zero gradient with N
    rollouts.
    """
    table = pd.DataFrame(theorem_rows(RATES))
    chances = {f"p_nonzero_n{n}": p_nonzero_gradient(n, table["p"].to_numpy()) for n in BUDGETS}
    return table.assign(**chances)


def theorem_points(_: StudyFrames) -> pd.DataFrame:
    """Theorem 1 at the success rates of its figure; columns of ``allocation.theorem.theorem_rows``."""
    return pd.DataFrame(theorem_rows(CURVE_RATES))


def value_points(_: StudyFrames) -> pd.DataFrame:
    """``V(N, p)`` and its first factor on the grid of the figure; columns of ``allocation.grids.value_rows``."""
    return pd.DataFrame(value_rows())
