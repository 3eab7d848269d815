"""Prompts that cannot be told apart are solved once: group equal rows. Shapes: ``_P`` prompts, ``_K`` distinct rows."""

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import IntArray


def group_equal(*columns: npt.NDArray[np.generic]) -> tuple[IntArray, IntArray]:
    """Number the distinct rows of one or more columns.

    Args:
        *columns: Columns of equal length, without NaN.  [P]

    Returns:
        The kind of each prompt, 0 .. K-1 [P], and the position of one prompt of each kind [K].
    """
    _, first_K, kind_P = np.unique(columns[0], return_index=True, return_inverse=True)
    for column_P in columns[1:]:
        _, rank_P = np.unique(column_P, return_inverse=True)
        combined_P = kind_P * (int(rank_P.max(initial=0)) + 1) + rank_P
        _, first_K, kind_P = np.unique(combined_P, return_index=True, return_inverse=True)
    return kind_P.astype(np.int64, copy=False), first_K.astype(np.int64, copy=False)
