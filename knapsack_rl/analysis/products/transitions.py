"""Where training problems moved: tables of transitions between classes of difficulty, and of discoveries."""

import pandas as pd

from knapsack_rl.analysis.frames.schemas import ARM_KEYS, CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.pairs import baseline_arm, pair_up, verdict
from knapsack_rl.analysis.inference.stats import paired_difference, seed_means
from knapsack_rl.analysis.measures.difficulty import CLASSES, OUTCOMES, discovery_rows, transition_rows


def transitions_table(frames: StudyFrames) -> pd.DataFrame:
    """Transition shares per arm (means over seeds) and their difference from the baseline, paired by seed.

    Returns:
        ``model, budget, arm, before, after, num_seeds, num_prompts`` (mean number in the class before), ``share`` with
        its t-interval, ``difference, difference_low, difference_high`` and the difference's ``verdict``; these are
        empty for the baseline.
    """
    rows = transition_rows(frames.probes)
    by = [*ARM_KEYS, "difficulty_before", "difficulty_after"]
    means = seed_means(rows, by, values=["share", "num_before"]).drop(columns=["num_before_low", "num_before_high"])
    table = means.merge(_against_baseline(rows), on=[key for key in by if key != "strategy"], how="left")
    table = table.assign(
        before=[CLASSES[index] for index in table["difficulty_before"]],
        after=[CLASSES[index] for index in table["difficulty_after"]],
    ).rename(columns={"num_before": "num_prompts"})
    lead = ["model", "budget", "arm", "before", "after", "num_seeds", "num_prompts"]
    ends = [f"{name}{end}" for name in ("share", "difference") for end in ("", "_low", "_high")]
    return in_grid_order(table[[*lead, *ends, "verdict"]], frames.steps)


def _against_baseline(rows: pd.DataFrame) -> pd.DataFrame:
    keys = ["difficulty_before", "difficulty_after"]
    pairs = pair_up(rows, [*CELL_KEYS, *keys], baseline=baseline_arm(rows), columns=["share"], how="inner")
    found = []
    for key, pair in pairs.groupby([*CELL_KEYS, "arm", *keys], sort=False):
        interval = paired_difference(pair["arm_share"], pair["baseline_share"])
        found.append((*key, interval.mean, interval.low, interval.high, verdict(interval)))
    columns = [*CELL_KEYS, "arm", *keys, "difference", "difference_low", "difference_high", "verdict"]
    return pd.DataFrame(found, columns=columns).astype({"arm": "str", "model": "str"})


def discovery_table(frames: StudyFrames) -> pd.DataFrame:
    """Problems never solved in the probe before training, later solved, and the reverse; shares of probed problems.

    Returns:
        ``model, budget, arm, num_seeds, num_probed`` and, with t-intervals, the shares ``never_solved_before`` and
        ``never_solved_after``, ``discovered`` (of those never solved before, solved after), ``lost`` (of those solved
        before, never solved after), ``solved_in_training`` (of those never solved after, with at least one success at
        some time in training) and ``rate_rise`` (mean success rate after minus before).
    """
    per_run = discovery_rows(frames)
    means = seed_means(per_run, ARM_KEYS, values=["num_probed", *OUTCOMES]).drop(columns="strategy")
    table = means.drop(columns=["num_probed_low", "num_probed_high"])
    return in_grid_order(table, frames.steps)
