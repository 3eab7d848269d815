"""How far success rates move between two visits of a prompt: what an estimate made at the last visit is up against.

``_G`` = rows of the groups frame, ``_V`` = pairs of successive visits.
"""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.benchmarks import AVERAGE
from knapsack_rl.analysis.differences import baseline_arm, differences
from knapsack_rl.analysis.frames import ARM_KEYS, CELL_KEYS, StudyFrames, in_grid_order
from knapsack_rl.analysis.gradient_split import split_steps
from knapsack_rl.analysis.parts import codes_of, parts_of
from knapsack_rl.analysis.remember import once_per_frame
from knapsack_rl.analysis.stats import seed_means
from knapsack_rl.analysis.zero_gradient import from_first_belief

VALUES = ("drift", "rise", "gap_steps", "num_visits")
EFFECTS = ("accuracy", "ratio_rollouts", "ratio_prompts", "objective_gain")
"""What is set against the drift: three differences from the baseline, and what the counts were worth."""

_METRICS = {"accuracy": f"accuracy/{AVERAGE}", "ratio_rollouts": "ratio_rollouts", "ratio_prompts": "ratio_prompts"}


@once_per_frame
def drift_rows(groups: pd.DataFrame) -> pd.DataFrame:
    """Per run, over all pairs of successive visits of a prompt: the movement of its success rate.

    ``drift`` is the root of the mean squared change of the true rate: of the observed squared change the outcomes' own
    noise is taken off, ``r (1 - r) / (n - 1)`` at either visit, so that it is unbiased before the root is taken; groups
    of one rollout do not count. ``rise`` is the mean change, ``gap_steps`` the mean number of steps between the visits,
    ``num_visits`` the visits per prompt.

    Returns:
        ``RUN_KEYS`` less the strategy's place and ``VALUES``; NaN for a run that meets no prompt twice.
    """
    keys = ["run_id", *ARM_KEYS, "seed"]
    rows = [{**rows.iloc[0][keys].to_dict(), **_movement(rows)} for rows in parts_of(groups, ["run_id"])]
    return pd.DataFrame(rows, columns=[*keys, *VALUES])


def _movement(groups: pd.DataFrame) -> dict[str, float]:
    prompt_G, num = codes_of(groups, ["prompt_id"])
    step_G = groups["step"].to_numpy(dtype=np.int64)
    n_G = groups["num_rollouts"].to_numpy(dtype=np.float64)
    order_G = np.lexsort((step_G, prompt_G))
    order_G = order_G[n_G[order_G] > 1]
    same_V = prompt_G[order_G][1:] == prompt_G[order_G][:-1]
    before_V, after_V = order_G[:-1][same_V], order_G[1:][same_V]
    if not before_V.size:
        return {"drift": np.nan, "rise": np.nan, "gap_steps": np.nan, "num_visits": len(groups) / num}
    r_G = groups["num_successes"].to_numpy(dtype=np.float64) / np.maximum(n_G, 1)
    noise_G = r_G * (1 - r_G) / np.maximum(n_G - 1, 1)
    change_V = r_G[after_V] - r_G[before_V]
    squared = float(np.mean(change_V**2 - noise_G[before_V] - noise_G[after_V]))
    return {
        "drift": max(squared, 0.0) ** 0.5,
        "rise": float(change_V.mean()),
        "gap_steps": float((step_G[after_V] - step_G[before_V]).mean()),
        "num_visits": len(groups) / num,
    }


def drift_table(frames: StudyFrames) -> pd.DataFrame:
    """Drift of every arm, and per arm the effects that are to be read against the baseline's drift of the same cell.

    Returns:
        ``model, budget, arm, num_seeds``, ``VALUES`` (means over seeds, with ``_low`` and ``_high``),
        ``baseline_drift``, and ``EFFECTS`` with intervals: accuracy at the last shared checkpoint and both ratios,
        arm minus baseline within a seed, and the objective at calibrated rates over equal counts, from the arm's first
        known belief on. The baseline's own differences are missing.
    """
    table = seed_means(drift_rows(frames.groups), ARM_KEYS, values=VALUES)
    baseline = table[table["arm"] == baseline_arm(frames.steps)].set_index(list(CELL_KEYS))["drift"]
    table = table.join(baseline.rename("baseline_drift"), on=list(CELL_KEYS))
    for name, found in _effects(frames).items():
        named = {"value": name, "low": f"{name}_low", "high": f"{name}_high"}
        table = table.merge(found.rename(columns=named), on=[*CELL_KEYS, "arm"], how="left")
    lead = [*CELL_KEYS, "arm", "num_seeds"]
    shown = [f"{name}{end}" for name in VALUES for end in ("", "_low", "_high")]
    effects = [f"{name}{end}" for name in EFFECTS for end in ("", "_low", "_high")]
    return in_grid_order(table[[*lead, *shown, "baseline_drift", *effects]], frames.steps)


def _effects(frames: StudyFrames) -> dict[str, pd.DataFrame]:
    """Per effect ``model, budget, arm, value, low, high``."""
    keys = [*CELL_KEYS, "arm"]
    compared = differences(frames)
    named = {"difference": "value", "ci_low": "low", "ci_high": "high"}
    found = {
        name: compared.loc[compared["metric"] == metric, [*keys, *named]].rename(columns=named)
        for name, metric in _METRICS.items()
    }
    steps = split_steps(frames)
    known = pd.concat(
        [from_first_belief(steps[steps["arm"] == arm], arm=arm) for arm in steps["arm"].unique()], ignore_index=True
    )
    gains = seed_means(known, ARM_KEYS, values=["objective_gain"])
    renamed = {"objective_gain": "value", "objective_gain_low": "low", "objective_gain_high": "high"}
    found["objective_gain"] = gains[[*keys, *renamed]].rename(columns=renamed)
    return found
