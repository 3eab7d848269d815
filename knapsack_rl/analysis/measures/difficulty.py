"""Where training problems moved: five classes of difficulty before and after, from the same fixed probe for every arm.

Classes by success rate s of the probe, as the released code has them for a step's groups: extremely hard s = 0, hard
s <= 0.2, medium, easy s >= 0.8, extremely easy s = 1.
"""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.schemas import ARM_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.periods import at_last_step

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
    after = at_last_step(after)
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


def net_change_rows(probes: pd.DataFrame) -> pd.DataFrame:
    """Of all probed problems the share in each class before and after training: one row per run and class.

    Returns:
        ``run_id, model, budget, arm, strategy, seed, difficulty`` (class 0..4), ``before, after`` and ``change``.
    """
    moved = moves(probes)
    shares = [
        moved.groupby([*_RUN, f"difficulty_{end}"], sort=False)
        .size()
        .rename(end)
        .rename_axis(index={f"difficulty_{end}": "difficulty"})
        for end in ("before", "after")
    ]
    classes = pd.DataFrame({"difficulty": range(len(CLASSES))})
    rows = moved[_RUN].drop_duplicates().merge(classes, how="cross")
    for counted in shares:
        rows = rows.merge(counted.reset_index(), on=[*_RUN, "difficulty"], how="left")
    rows = rows.fillna({"before": 0.0, "after": 0.0})
    total = rows.groupby(_RUN)["before"].transform("sum")
    rows = rows.assign(before=rows["before"] / total, after=rows["after"] / total)
    return rows.assign(change=rows["after"] - rows["before"])


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
