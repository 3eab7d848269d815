"""Which steps count: periods of training, steps from the second visit or the first belief on, windows of steps."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.schemas import ARM_KEYS, CELL_KEYS
from knapsack_rl.analysis.inference.stats import seed_means

MOST = 0.5
"""A step counts as a repeat when more than this share of its prompts was visited before."""


def in_first_epoch(steps: pd.DataFrame) -> "pd.Series[bool]":
    """Whether most prompts of a step are met for the first time; what is not lies ``from_second_visit`` on."""
    return steps["repeat_frac"] <= MOST


def at_last_step(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of each run's last step, or of its last checkpoint."""
    return rows[rows["step"] == rows.groupby("run_id")["step"].transform("max")]


def from_second_visit(steps: pd.DataFrame) -> pd.DataFrame:
    """The steps in which most prompts (more than half) are visited for at least the second time.

    Before that a strategy knows nothing of its prompts and spends uniformly, so means over all steps would dilute
    whatever it does. Most and not all, because an epoch drops its last partial batch: the few prompts dropped from
    the first epoch turn up one by one in almost every step of the second. Where batches divide the training set the
    two are the same. Runs without such a step have no row here.
    """
    return steps[~in_first_epoch(steps)]


def from_first_belief(steps: pd.DataFrame, *, arm: str | None) -> pd.DataFrame:
    """Of ``from_second_visit`` the steps in which ``arm`` had something to go by, for all runs of its cell.

    An estimator may need more than one visit: the release's wants eight rewards, which at N = 4 are there in the third
    epoch. Until then the arm spends as uniform does to the last rollout. A cell's first step that counts is the latest
    of its runs of ``arm``: their first repeat step with a known belief (``known_frac``). What a prior says of a prompt
    never met is no knowledge of it. Cells without such a step have no row here.

    Args:
        steps: of the runs that are compared, ``arm`` among them.
        arm: whose beliefs count.
    """
    repeats = from_second_visit(steps)
    informed = repeats[(repeats["arm"] == arm) & (repeats["known_frac"] > 0)]
    first = informed.groupby([*CELL_KEYS, "run_id"], observed=True)["step"].min()
    start = repeats[list(CELL_KEYS)].join(first.groupby(level=list(CELL_KEYS)).max(), on=list(CELL_KEYS))["step"]
    return repeats[(repeats["step"] >= start).to_numpy()]


PERIODS = ("first quarter", "from second visit", "last quarter")
NUM_QUARTERS = 4

MAX_WINDOWS = 20
"""Longer runs are averaged within this many windows of steps, so that a line shows the trend and not the batch."""


def in_quarter(steps: pd.DataFrame, number: int) -> "pd.Series[bool]":
    """Whether a step lies in a quarter of its run.

    All quarters of a run have equally many steps, a fourth of its last step rounded up. The first two are counted from
    the start and the last two from the end, so that in a run whose length is no multiple of four the two in the middle
    share some steps, and in a run of fewer than four steps the first and the last may be the same.

    Args:
        steps: needs ``run_id, step``.
        number: 1 to 4.
    """
    last = steps.groupby("run_id")["step"].transform("max")
    size = np.ceil(last / NUM_QUARTERS)
    before = (number - 1) * size if number <= NUM_QUARTERS // 2 else last - (NUM_QUARTERS + 1 - number) * size
    inside: pd.Series[bool] = (steps["step"] > before) & (steps["step"] <= before + size)
    return inside


def by_period(steps: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The steps of each period, by the names of ``PERIODS``.

    Args:
        steps: needs ``run_id, step, repeat_frac``.
    """
    parts = (steps[in_quarter(steps, 1)], from_second_visit(steps), steps[in_quarter(steps, NUM_QUARTERS)])
    return dict(zip(PERIODS, parts, strict=True))


def period_means(steps: pd.DataFrame, values: Sequence[str]) -> pd.DataFrame:
    """Means over seeds of each period's mean per run, with t-intervals; a row per arm and period, also without steps.

    Returns:
        ``model, budget, arm, period, num_seeds, first_step, last_step`` and the ``values`` with ``_low`` and ``_high``.
    """
    rows = []
    for period, part in by_period(steps).items():
        span = part.groupby(list(ARM_KEYS), sort=False)["step"].agg(first_step="min", last_step="max")
        rows.append(seed_means(part, ARM_KEYS, values=values).join(span, on=list(ARM_KEYS)).assign(period=period))
    arms = steps[list(ARM_KEYS)].drop_duplicates().merge(pd.DataFrame({"period": PERIODS}), how="cross")
    table = arms.merge(pd.concat(rows, ignore_index=True), on=[*ARM_KEYS, "period"], how="left")
    whole = dict.fromkeys(("num_seeds", "first_step", "last_step"), "Int64")
    lead = ["model", "budget", "arm", "period", "num_seeds", "first_step", "last_step"]
    shown = [f"{value}{end}" for value in values for end in ("", "_low", "_high")]
    return table.astype(whole)[[*lead, *shown]]


def window_of(steps: pd.DataFrame) -> "pd.Series[int]":
    """Window of each row: the same cut for all runs of the study, at most ``MAX_WINDOWS`` in the longest run."""
    width = int(np.ceil(steps["step"].max() / MAX_WINDOWS))
    return (steps["step"] - 1) // width


def window_means(steps: pd.DataFrame, values: Sequence[str]) -> pd.DataFrame:
    """Means over seeds within windows of steps, with t-intervals; ``step`` is the middle of a window.

    Returns:
        ``ARM_KEYS``, ``window, num_seeds, step`` and the ``values`` with ``_low`` and ``_high``, in window order.
    """
    keyed = steps.assign(window=window_of(steps), middle=steps["step"].astype(float))
    per_run = keyed.groupby([*ARM_KEYS, "seed", "window"], sort=False)[[*values, "middle"]].mean().reset_index()
    means = seed_means(per_run, [*ARM_KEYS, "window"], values=[*values, "middle"])
    means = means.drop(columns=["middle_low", "middle_high"]).rename(columns={"middle": "step"})
    return means.sort_values("window", kind="stable", ignore_index=True)
