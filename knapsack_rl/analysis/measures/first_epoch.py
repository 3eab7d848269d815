"""Per run, what passes before its prompts have been seen once."""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.parts import codes_of, first_rows
from knapsack_rl.analysis.frames.schemas import ARM_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.periods import in_first_epoch
from knapsack_rl.grpo import has_gradient


def first_epoch_rows(frames: StudyFrames) -> pd.DataFrame:
    """The shares of ``first_epoch_table`` for every run."""
    steps, groups = frames.steps, frames.groups
    early = in_first_epoch(steps)
    last = steps[early].groupby("run_id")["step"].max()
    code_G, num = codes_of(groups, ["run_id"])
    names = groups["run_id"].iloc[first_rows(code_G)].astype("str")
    rollouts_G = groups["num_rollouts"].to_numpy(dtype=np.float64)
    successes_G, distinct_G = groups["num_successes"].to_numpy(), groups.get("num_distinct_rewards")
    signal_G = has_gradient(successes_G, groups["num_rollouts"].to_numpy(), num_distinct_P=distinct_G)
    first_G = groups["step"].to_numpy() <= names.map(last).fillna(0).to_numpy()[code_G]
    unknown_G = groups["p_belief"].isna().to_numpy()
    weights = {
        "rollouts": rollouts_G,
        "first": rollouts_G * first_G,
        "signal": rollouts_G * signal_G,
        "first_signal": rollouts_G * (signal_G & first_G),
        "unknown": rollouts_G * unknown_G,
        "later": ~first_G,
        "later_unknown": ~first_G & unknown_G,
    }
    counted = {name: np.bincount(code_G, weights=weight_G, minlength=num) for name, weight_G in weights.items()}
    sums = pd.DataFrame(counted, index=pd.Index(names))
    runs = steps[["run_id", *ARM_KEYS, "seed"]].drop_duplicates().set_index("run_id")
    return runs.assign(
        last_first_step=last.reindex(runs.index).fillna(0),
        steps_share=early.groupby(steps["run_id"]).mean(),
        budget_share=sums["first"] / sums["rollouts"],
        gradient_share=sums["first_signal"] / sums["signal"].where(sums["signal"] > 0),
        unknown_budget_share=sums["unknown"] / sums["rollouts"],
        unknown_after=sums["later_unknown"] / sums["later"].where(sums["later"] > 0),
    ).reset_index()
