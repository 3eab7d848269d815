"""Where training problems moved: five classes of difficulty before and after, from the same fixed probe for every arm.

Classes by success rate s of the probe, as the released code has them for a step's groups: extremely hard s = 0, hard
s <= 0.2, medium, easy s >= 0.8, extremely easy s = 1.
"""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.differences import baseline_arm, verdict
from knapsack_rl.analysis.frames import ARM_KEYS, CELL_KEYS, StudyFrames, in_grid_order
from knapsack_rl.analysis.stats import paired_difference, seed_means

CLASSES = ("extremely hard", "hard", "medium", "easy", "extremely easy")
EXTREMELY_HARD = 0
"""Place of the class of problems that are never solved."""
HARD, EASY = 0.2, 0.8

OUTCOMES = ("never_solved_before", "never_solved_after", "discovered", "lost", "solved_in_training", "rate_rise")

_RUN = ["run_id", *ARM_KEYS, "seed"]


def difficulty_class(num_correct: "pd.Series[int]", num_samples: "pd.Series[int]") -> "pd.Series[int]":
    """Class 0..4 of each prompt, in the order of ``CLASSES``."""
    rate = num_correct / num_samples
    classes = np.select([rate <= 0, rate <= HARD, rate < EASY, rate < 1], [0, 1, 2, 3], 4)
    return pd.Series(classes, index=num_correct.index)


def moves(probes: pd.DataFrame) -> pd.DataFrame:
    """One row per run and prompt probed both before and after: its two classes, rates, and the kind of prompt."""
    found = probes.assign(
        difficulty=difficulty_class(probes["num_correct"], probes["num_samples"]),
        rate=probes["num_correct"] / probes["num_samples"],
    )
    ends = found.groupby("run_id")["step"]
    before = found[found["step"] == ends.transform("min")]
    after = found[found["step"] > ends.transform("min")]
    after = after[after["step"] == after.groupby("run_id")["step"].transform("max")]
    keys = [*_RUN, "prompt_id", "kind"]
    return before[[*keys, "difficulty", "rate"]].merge(
        after[[*keys, "difficulty", "rate"]], on=keys, suffixes=("_before", "_after")
    )


def transition_rows(probes: pd.DataFrame) -> pd.DataFrame:
    """Of each class before, the share of its prompts in each class after: one row per run and pair of classes.

    A class that no prompt of the run was in has no share (NaN).
    """
    moved = moves(probes)
    counted = moved.groupby([*_RUN, "difficulty_before", "difficulty_after"], sort=False).size().rename("num_prompts")
    pairs = pd.DataFrame(
        [(before, after) for before in range(len(CLASSES)) for after in range(len(CLASSES))],
        columns=["difficulty_before", "difficulty_after"],
    )
    rows = moved[_RUN].drop_duplicates().merge(pairs, how="cross")
    rows = rows.merge(counted.reset_index(), on=[*_RUN, *pairs.columns], how="left")
    rows = rows.fillna({"num_prompts": 0})
    total = rows.groupby([*_RUN, "difficulty_before"])["num_prompts"].transform("sum")
    return rows.assign(share=rows["num_prompts"] / total.where(total > 0), num_before=total)


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
    keys = [*CELL_KEYS, "difficulty_before", "difficulty_after"]
    baseline = rows[rows["arm"] == baseline_arm(rows)][[*keys, "seed", "share"]]
    paired = rows[rows["arm"] != baseline_arm(rows)].merge(baseline, on=[*keys, "seed"], suffixes=("", "_baseline"))
    found = []
    for key, pair in paired.groupby([*CELL_KEYS, "arm", *keys[2:]], sort=False):
        interval = paired_difference(pair["share"], pair["share_baseline"])
        found.append((*key, interval.mean, interval.low, interval.high, verdict(interval)))
    columns = [*CELL_KEYS, "arm", *keys[2:], "difference", "difference_low", "difference_high", "verdict"]
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


def discovery_rows(frames: StudyFrames) -> pd.DataFrame:
    """The outcomes of ``discovery_table`` for every run."""
    moved = moves(frames.probes)
    groups = frames.groups
    solved = groups.loc[(groups["num_successes"] > 0) & groups["prompt_id"].isin(moved["prompt_id"])]
    solved = solved[["run_id", "prompt_id"]].drop_duplicates().astype("str")
    moved = moved.merge(solved.assign(solved=True), on=["run_id", "prompt_id"], how="left")
    before, after = (moved[f"difficulty_{end}"] == EXTREMELY_HARD for end in ("before", "after"))
    flags = moved[_RUN].assign(
        num_probed=1.0,
        never_solved_before=before.astype(float),
        never_solved_after=after.astype(float),
        discovered=(~after).astype(float).where(before),
        lost=after.astype(float).where(~before),
        solved_in_training=moved["solved"].notna().astype(float).where(after),
        rate_rise=moved["rate_after"] - moved["rate_before"],
    )
    by_run = flags.groupby(_RUN, sort=False)
    return by_run[list(OUTCOMES)].mean().join(by_run["num_probed"].sum()).reset_index()
