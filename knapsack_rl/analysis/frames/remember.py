"""What several tables and figures derive from the same frame is derived once."""

import weakref
from collections.abc import Callable
from functools import wraps

import pandas as pd

Derive = Callable[[pd.DataFrame], pd.DataFrame]


def once_per_frame(derive: Derive) -> Derive:
    """``derive``, which remembers its result for as long as the frame it was given exists.

    Frames of a study are not changed once they are made, and neither may be what is returned. A frame is known by
    identity: an equal copy is derived again.
    """
    known: dict[int, pd.DataFrame] = {}

    @wraps(derive)
    def remembered(frame: pd.DataFrame) -> pd.DataFrame:
        key = id(frame)
        if key not in known:
            known[key] = derive(frame)
            weakref.finalize(frame, known.pop, key, None)
        return known[key]

    return remembered
