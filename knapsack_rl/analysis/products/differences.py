"""Every arm against uniform allocation: differences within a seed, with intervals over seeds."""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.pairs import baseline_arm, compare_pairs, first_run, pair_up
from knapsack_rl.analysis.measures.accuracy_curves import accuracy_curves, match_at_equal_compute
from knapsack_rl.analysis.measures.benchmarks import score_values
from knapsack_rl.analysis.measures.ratios import ratio_values
from knapsack_rl.analysis.measures.spent import TOKENS
from knapsack_rl.base.errors import InputError

COLUMNS = (
    *CELL_KEYS,
    "arm",
    "baseline",
    "metric",
    "step",
    "num_seeds",
    "arm_mean",
    "baseline_mean",
    "difference",
    "ci_low",
    "ci_high",
    "verdict",
)

_PAIR_KEYS = (*CELL_KEYS, "arm", "baseline", "metric")


def differences(frames: StudyFrames, baseline: str | None = None) -> pd.DataFrame:
    """One row per cell, arm other than the baseline, and metric; empty for a study without anything to compare.

    The baseline is the arm of that name, else the first whose strategy is ``uniform``.

    Metrics: ``ratio_rollouts`` and ``ratio_prompts`` (means from the arm's first known belief on, over steps that
    both arms' runs of the cell trained), ``accuracy/average`` and ``accuracy/<benchmark>`` (avg@k at ``step``, the
    checkpoint of ``final_scores``), ``pass_at_k/average``, and ``accuracy_equal_tokens`` (average accuracy where both
    runs of a seed have generated the same number of response tokens, the most that both reached).

    ``difference`` is the mean over seeds of arm minus baseline and ``ci_*`` its 95% t-interval; ``num_seeds`` counts
    the seeds for which both arms have a value, and the means are over those.
    """
    pairs = paired_values(frames, baseline)
    rows = [
        {
            **dict(zip(_PAIR_KEYS, key, strict=True)),
            "step": group["arm_step"].iloc[0],
            **compare_pairs(group),
        }
        for key, group in pairs.groupby(list(_PAIR_KEYS), sort=False)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"step": "Int64"})
    return in_grid_order(table, frames.steps)


def paired_values(frames: StudyFrames, baseline: str | None = None) -> pd.DataFrame:
    """The pairs behind ``differences``: one row per cell, arm, metric and seed.

    Returns:
        ``model, budget, arm, baseline, metric, seed, arm_value, baseline_value, arm_step, baseline_step``; a value is
        NaN where one of the two runs is missing.
    """
    chosen = baseline or baseline_arm(frames.steps)
    arms = [arm for arm in frames.steps["arm"].unique() if chosen and arm != chosen]
    values = [*(ratio_values(frames.steps, arm, baseline=chosen) for arm in arms), score_values(frames.evals)]
    keys, columns = [*CELL_KEYS, "metric"], ["value", "step"]
    paired = [pair_up(part, keys, baseline=chosen, columns=columns) for part in values]
    return pd.concat([*paired, _paired_at_equal_tokens(frames, chosen)], ignore_index=True)


def _paired_at_equal_tokens(frames: StudyFrames, baseline: str | None) -> pd.DataFrame:
    curves = accuracy_curves(frames)
    rows = []
    for (model, budget, seed), runs in curves.groupby([*CELL_KEYS, "seed"], sort=False):
        reference = first_run(runs[runs["arm"] == baseline])
        for arm in runs.loc[runs["arm"] != baseline, "arm"].unique() if baseline else ():
            match = match_at_equal_compute(first_run(runs[runs["arm"] == arm]), reference, axis=TOKENS)
            rows.append((model, budget, arm, baseline, "accuracy_equal_tokens", seed, match.treated, match.baseline))
    columns = [*_PAIR_KEYS, "seed", "arm_value", "baseline_value"]
    return pd.DataFrame(rows, columns=columns).assign(arm_step=np.nan)


def compare_arms(frames: StudyFrames, arm: str, *, baseline: str) -> pd.DataFrame:
    """The differences table of ``arm`` minus ``baseline``, paired by seed, per model and budget.

    Columns as ``differences``. Only steps and checkpoints that both arms have are used.

    Raises:
        InputError: the study has no such arm, or both are the same.
    """
    known = list(frames.steps["arm"].unique())
    for name in (arm, baseline):
        if name not in known:
            raise InputError(f"{name}: no such arm in the records; choose two of {', '.join(known)}")
    if arm == baseline:
        raise InputError(f"{arm}: an arm cannot be compared with itself; name two arms")
    return differences(frames.only([arm, baseline]), baseline)
