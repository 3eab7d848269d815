"""The rise of the effective-gradient ratio, taken apart: moved rollouts on one side, more prompts on the other.

Per step, ``ratio by rollouts (arm) - ratio by prompts (uniform) = re-weighting + rest`` with
re-weighting = by rollouts minus by prompts, both of the arm, and rest = by prompts, arm minus uniform.
"""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.pairs import baseline_arm, per_seed
from knapsack_rl.analysis.measures.objective import step_objectives


def split_steps(frames: StudyFrames) -> pd.DataFrame:
    """The steps frame with the two parts of the ratio's rise and the objective of the counts joined to each step.

    ``rest`` is paired with the baseline's run of the same cell, seed and step; NaN where there is none. The gains are
    ``objective / objective of equal counts - 1``: what this step's counts are worth beyond an even split of the same
    rollouts, at calibrated rates and at the beliefs.
    """
    steps = frames.steps.merge(step_objectives(frames.groups), on=["run_id", "step"], how="left")
    keys = [*CELL_KEYS, "step"]
    baseline = per_seed(steps[steps["arm"] == baseline_arm(steps)], keys, columns=["ratio_prompts"])
    reference = baseline.set_index([*keys, "seed"])["ratio_prompts"].rename("reference")
    steps = steps.join(reference, on=[*keys, "seed"])
    return steps.assign(
        reweighting=steps["ratio_rollouts"] - steps["ratio_prompts"],
        rest=steps["ratio_prompts"] - steps["reference"],
        objective_gain=_gain(steps, "objective"),
        objective_belief_gain=_gain(steps, "objective_belief"),
    )


def _gain(steps: pd.DataFrame, name: str) -> "pd.Series[float]":
    equal = steps[f"{name}_equal"]
    return (steps[name] / equal.where(equal > 0, np.nan)) - 1
