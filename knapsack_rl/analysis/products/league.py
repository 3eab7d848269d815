"""The league table: every arm of a cell in one row, with its rank among the methods and how sure that is."""

import pandas as pd

from knapsack_rl.analysis.frames.schemas import ARM_KEYS, CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.pairs import baseline_arm, log_ratios, pair_up, ratio_interval
from knapsack_rl.analysis.inference.periods import from_second_visit
from knapsack_rl.analysis.inference.stats import seed_means
from knapsack_rl.analysis.measures.difficulty import discovery_rows
from knapsack_rl.analysis.measures.effort import AXES, equal_axes, run_effort
from knapsack_rl.analysis.measures.gradient_split import split_steps
from knapsack_rl.analysis.measures.other_budgets import with_other_budgets
from knapsack_rl.analysis.measures.ratios import ratio_values
from knapsack_rl.analysis.measures.reach import reach_values
from knapsack_rl.analysis.measures.spent import TOKENS
from knapsack_rl.analysis.products.standings import KEYS, compared, standings

RATIOS = ("ratio_rollouts", "ratio_prompts")
MEANS = ("objective_gain", "discovered", "wasted", "rounds_per_step", "seconds")

INTERVALS = (
    *("difference", "improvement", "ratio_rollouts_difference", "ratio_prompts_difference", "objective_gain"),
    *("tokens_ratio", "wasted", "discovered", "pass_at_k_difference"),
)
"""Columns with ``_low`` and ``_high``."""

COLUMNS = [
    *(*KEYS, "role", "num_seeds", "rank", "rank_low", "rank_high", "first", "p_value", "p_holm"),
    *(name + end for name in INTERVALS for end in ("", "_low", "_high")),
    *("pass_at_1", "pass_at_k", "k", "rounds_per_step", *AXES, "seconds", "equal_on"),
]


def league_table(frames: StudyFrames) -> pd.DataFrame:
    """One row per cell and arm, the largest accuracy difference first; the catalogue says what columns are.

    Scores are those that ``differences`` compares: where runs end at a budget, at each one's own end. Uniform
    allocation at other N of one total is a control of the cell with as many rollouts a step. ``objective_gain`` is
    missing for arms that drew for a prompt in several rounds of a step: calibrated rates take counts that were chosen
    before outcomes.

    Returns:
        ``COLUMNS``; empty for a study without a baseline or without another arm.
    """
    frames, controls = with_other_budgets(frames)
    table, baseline = standings(frames, controls), baseline_arm(frames.steps)
    if table.empty or baseline is None:
        return pd.DataFrame(columns=COLUMNS)
    for part in (_ratios(frames, baseline), _means(frames), _reach(frames, baseline)):
        table = table.merge(part, on=KEYS, how="left")
    return table.merge(equal_axes(run_effort(frames)), on=list(CELL_KEYS))[COLUMNS]


def _ratios(frames: StudyFrames, baseline: str) -> pd.DataFrame:
    """Differences in both effective-gradient ratios, as in the table ``differences``."""
    arms = [arm for arm in frames.steps["arm"].unique() if arm != baseline]
    values = [ratio_values(frames.steps, arm, baseline=baseline) for arm in arms]
    pairs = pd.concat([pair_up(part, [*CELL_KEYS, "metric"], baseline=baseline) for part in values])
    by_rollouts, by_prompts = (compared(pairs[pairs["metric"] == name], f"{name}_difference") for name in RATIOS)
    return by_rollouts.merge(by_prompts, on=KEYS)


def _means(frames: StudyFrames) -> pd.DataFrame:
    """Means over replicates of what is not compared with the baseline."""
    steps = from_second_visit(split_steps(frames))
    most = frames.groups.groupby("arm", observed=True)["num_rounds"].max()
    before = steps[steps["arm"].isin(list(most[most == 1].index))]
    worth = before.groupby("run_id", observed=True)["objective_gain"].mean().reset_index()
    discovered = discovery_rows(frames)[["run_id", "discovered"]]
    runs = run_effort(frames).merge(worth, on="run_id", how="left").merge(discovered, on="run_id", how="left")
    return seed_means(runs, ARM_KEYS, values=MEANS).drop(columns=["strategy", "num_seeds"])


def _reach(frames: StudyFrames, baseline: str) -> pd.DataFrame:
    """Tokens that the baseline needs for the highest accuracy that both have reached, over those that the arm needs."""
    rows = []
    for arm in (name for name in frames.steps["arm"].unique() if name != baseline):
        values = reach_values(frames, arm, baseline=baseline, levels=(1.0,), axes=(TOKENS,))
        for cell, of_cell in values.groupby(list(CELL_KEYS), sort=False):
            found = ratio_interval(log_ratios(of_cell["baseline_value"], of_cell["arm_value"]))
            rows.append((*cell, arm, found.mean, found.low, found.high))
    return pd.DataFrame(rows, columns=[*KEYS, "tokens_ratio", "tokens_ratio_low", "tokens_ratio_high"])
