"""How unequal the counts of a step are, and who gets the most."""

import pandas as pd
from matplotlib.figure import Figure

from knapsack_rl.analysis.drawing.over_training import Lines, draw_over_training
from knapsack_rl.analysis.frames.schemas import ARM_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.periods import by_period, period_means, window_means
from knapsack_rl.analysis.measures.concentration import largest_per_step, step_spread

VALUES = ("q10_rollouts", "q50_rollouts", "q90_rollouts", "max_rollouts", "gini_rollouts", "entropy_rollouts")
"""Per step: quantiles and maximum of the counts, their Gini index and their normalised entropy."""

WINNER = ("largest", "largest_step", "largest_prompt", "largest_kind", "largest_belief", "largest_successes")


def concentration_table(frames: StudyFrames) -> pd.DataFrame:
    """Spread of the counts per arm and period, and the largest count with the prompt that got it.

    Returns:
        ``period_means`` of ``VALUES``; ``largest`` (over the period and all seeds, the first of equals) with the step,
        prompt, kind, belief and successes of that group; ``num_largest_prompts``, how many different prompts got the
        largest count of some step; ``belief_of_largest``, mean belief of those (NaN if never known).
    """
    means = period_means(_steps(frames), VALUES)
    winners = largest_per_step(frames.groups)
    repeat = frames.steps[["run_id", "step", "repeat_frac"]]
    winners = winners.merge(repeat, on=["run_id", "step"])
    parts = [_winner(part).assign(period=period) for period, part in by_period(winners).items() if len(part)]
    keys = ["model", "budget", "arm", "period"]
    found = pd.concat(parts, ignore_index=True).drop(columns="strategy")
    whole = dict.fromkeys(("largest", "largest_step", "largest_successes", "num_largest_prompts"), "Int64")
    return in_grid_order(means.merge(found, on=keys, how="left").astype(whole), frames.steps)


def concentration_points(frames: StudyFrames) -> pd.DataFrame:
    """The same spread over training: means over seeds within windows of steps."""
    return window_means(_steps(frames), VALUES)


def _steps(frames: StudyFrames) -> pd.DataFrame:
    return frames.steps.merge(step_spread(frames.groups), on=["run_id", "step"], how="left")


def _winner(winners: pd.DataFrame) -> pd.DataFrame:
    by_arm = winners.groupby(list(ARM_KEYS), sort=False)
    top = winners.loc[by_arm["num_rollouts"].idxmax()]
    columns = ["num_rollouts", "step", "prompt_id", "kind", "p_belief", "num_successes"]
    named = top[[*ARM_KEYS, *columns]].rename(columns=dict(zip(columns, WINNER, strict=True)))
    facts = by_arm.agg(num_largest_prompts=("prompt_id", "nunique"), belief_of_largest=("p_belief", "mean"))
    found: pd.DataFrame = named.merge(facts.reset_index(), on=list(ARM_KEYS))
    return found


ROWS = {
    "max_rollouts": "largest\ncount",
    "q90_rollouts": "90th per-\ncentile",
    "q50_rollouts": "median",
    "q10_rollouts": "10th per-\ncentile",
    "gini_rollouts": "Gini\nindex",
    "entropy_rollouts": "entropy\n(1 = even)",
}
"""Columns of the points, one row of panels each, and their axis labels."""


def draw_concentration(frames: StudyFrames) -> Figure:
    """Quantiles, maximum, Gini index and normalised entropy of each step's counts against the training step."""
    return draw_over_training(frames, concentration_points(frames), lines=Lines(rows=ROWS))
