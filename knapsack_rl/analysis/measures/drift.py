"""How far success rates move between two visits of a prompt: what an estimate made at the last visit is up against.

``_G`` = rows of the groups frame.
"""

from dataclasses import asdict

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.parts import codes_of, parts_of
from knapsack_rl.analysis.frames.remember import once_per_frame
from knapsack_rl.analysis.frames.schemas import ARM_KEYS
from knapsack_rl.beliefs.movement import movement

VALUES = ("drift", "rise", "gap_steps", "num_visits")


@once_per_frame
def drift_rows(groups: pd.DataFrame) -> pd.DataFrame:
    """Per run, over all pairs of successive visits of a prompt: the movement of its success rate.

    What ``VALUES`` mean, and how the noise of the outcomes is taken off, stands in `knapsack_rl.beliefs.movement`.

    Returns:
        ``RUN_KEYS`` less the strategy's place and ``VALUES``; NaN for a run that meets no prompt twice.
    """
    keys = ["run_id", *ARM_KEYS, "seed"]
    rows = [{**rows.iloc[0][keys].to_dict(), **_movement(rows)} for rows in parts_of(groups, ["run_id"])]
    return pd.DataFrame(rows, columns=[*keys, *VALUES])


def _movement(groups: pd.DataFrame) -> dict[str, float]:
    prompt_G, _ = codes_of(groups, ["prompt_id"])
    found = movement(
        prompt_G,
        groups["step"].to_numpy(dtype=np.int64),
        num_rollouts_G=groups["num_rollouts"],
        num_successes_G=groups["num_successes"],
    )
    return asdict(found)
