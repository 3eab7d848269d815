"""Two arms of a study against each other: a method against its control, an estimate against known rates."""

import pandas as pd

from knapsack_rl.analysis.differences import differences
from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.base.errors import InputError


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
