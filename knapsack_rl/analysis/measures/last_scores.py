"""Held-out scores of every run where it ended, for comparisons of runs that may end at unequal steps."""

import pandas as pd

from knapsack_rl.analysis.frames.schemas import ARM_KEYS
from knapsack_rl.analysis.inference.periods import at_last_step
from knapsack_rl.analysis.measures.benchmarks import AVERAGE, benchmark_scores


def last_scores(evals: pd.DataFrame) -> pd.DataFrame:
    """Average over benchmarks at each run's own last evaluation.

    `benchmarks.final_scores` takes the last step that all runs of a cell share, which for runs of one budget of
    rollouts would be in the middle of most.

    Returns:
        ``ARM_KEYS, seed, run_id, step, k, pass_at_1, pass_at_k`` (0..1), one row per run.
    """
    scores = benchmark_scores(evals)
    last = at_last_step(scores[scores["benchmark"] == AVERAGE]).rename(columns={"avg_at_k": "pass_at_1"})
    return last[[*ARM_KEYS, "seed", "run_id", "step", "k", "pass_at_1", "pass_at_k"]].reset_index(drop=True)
