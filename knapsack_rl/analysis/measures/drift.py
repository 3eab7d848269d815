"""How far success rates move between two visits of a prompt: what an estimate made at the last visit is up against.

``_G`` = rows of the groups frame, ``_V`` = pairs of successive visits.
"""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.parts import codes_of, parts_of
from knapsack_rl.analysis.frames.remember import once_per_frame
from knapsack_rl.analysis.frames.schemas import ARM_KEYS

VALUES = ("drift", "rise", "gap_steps", "num_visits")


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
