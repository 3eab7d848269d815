"""Rows that belong together: one number per combination of keys, and frames taken a part at a time.

The groups of a paper-size grid are six million rows. What is computed of them for a run or an arm at a time needs the
memory of that part only. ``_G`` = rows of a frame.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from knapsack_rl.base.arrays import IntArray

MOST_CODES = 2**62

LEAST_RUN = 4
"""Mean rows that must stand together before runs of equal codes are looked for."""

DENSE = 4
"""A table of all possible codes is used up to so many times the rows."""


def codes_of(frame: pd.DataFrame, keys: Sequence[str]) -> tuple[IntArray, int]:
    """One whole number per row that is equal where all ``keys`` are, in order of appearance, and how many there are."""
    start_K = _starts(frame, keys)
    if start_K is None or len(start_K) * LEAST_RUN > len(frame):
        return _codes(frame, keys)
    code_K, num = _codes(frame[list(keys)].iloc[start_K], keys)  # rows of a kind stand together: one of each run
    return np.repeat(code_K, np.diff(start_K, append=len(frame))), num


def _starts(frame: pd.DataFrame, keys: Sequence[str]) -> IntArray | None:
    """Rows that differ from the row before in some key; None where comparing is as dear as numbering (text)."""
    new_G = np.zeros(len(frame), dtype=bool)
    new_G[:1] = True
    for key in keys:
        values = frame[key]
        if isinstance(values.dtype, pd.CategoricalDtype):
            values = values.cat.codes
        if not pd.api.types.is_integer_dtype(values.dtype) or pd.api.types.is_extension_array_dtype(values.dtype):
            return None
        number_G = values.to_numpy()
        new_G[1:] |= number_G[1:] != number_G[:-1]
    return np.flatnonzero(new_G)


def _codes(frame: pd.DataFrame, keys: Sequence[str]) -> tuple[IntArray, int]:
    code_G, size = np.zeros(len(frame), dtype=np.int64), 1
    for key in keys:
        part_G, num = _numbered(frame[key])
        if size * num >= MOST_CODES:
            code_G, known = pd.factorize(code_G)
            size = len(known)
        code_G, size = code_G * num + part_G, size * num
    return renumbered(code_G, size)


def renumbered(code_G: IntArray, size: int) -> tuple[IntArray, int]:
    """``pd.factorize`` of whole numbers below ``size``, without hashing where there are few of them.

    Returns:
        Codes from 0, in order of appearance, and how many there are.
    """
    if size <= DENSE * len(code_G) and code_G.min() >= 0:
        return _by_table(code_G, size)
    code_G, known = pd.factorize(code_G)
    return code_G.astype(np.int64, copy=False), len(known)


def _by_table(code_G: IntArray, size: int) -> tuple[IntArray, int]:
    """Numbered through a table of where each code first stands."""
    first_V = np.full(size, -1)
    first_V[code_G[::-1]] = np.arange(len(code_G) - 1, -1, -1)
    found_K = np.flatnonzero(first_V >= 0)
    ordered_K = found_K[np.argsort(first_V[found_K])]
    first_V[ordered_K] = np.arange(len(ordered_K))
    return first_V[code_G], len(ordered_K)


def _numbered(values: "pd.Series[Any]") -> tuple[IntArray, int]:
    """A number below the second return value for each value; equal for equal values, in no order."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return np.asarray(values.cat.codes, dtype=np.int64), max(1, len(values.cat.categories))
    if pd.api.types.is_integer_dtype(values.dtype) and len(values):
        numbers = values.to_numpy(dtype=np.int64)
        low, high = int(numbers.min()), int(numbers.max())
        if high - low < max(len(values), 1 << 16):
            return numbers - low, high - low + 1
    codes, known = pd.factorize(values)
    return np.asarray(codes, dtype=np.int64), max(1, len(known))


def first_rows(code_G: IntArray) -> IntArray:
    """Place of the first row of each code, by ``codes_of``, which numbers in order of appearance."""
    new_G = np.ones(len(code_G), dtype=bool)
    np.not_equal(code_G[1:], code_G[:-1], out=new_G[1:])
    start_K = np.flatnonzero(new_G)  # a code's first row is the first of a run of equal codes
    newest_K = np.maximum.accumulate(code_G[start_K])
    return start_K[np.diff(newest_K, prepend=-1) > 0]


def parts_of(frame: pd.DataFrame, keys: Sequence[str]) -> Iterator[pd.DataFrame]:
    """The rows of each combination of ``keys``, in order of appearance; no copy where they stand together."""
    code_G, num = codes_of(frame, keys)
    change = np.flatnonzero(np.diff(code_G)) + 1
    if len(change) == num - 1:
        ends = [0, *change.tolist(), len(frame)]
        yield from (frame.iloc[start:end] for start, end in pairwise(ends))
        return
    order_G = np.argsort(code_G, kind="stable")
    for rows in np.split(order_G, np.flatnonzero(np.diff(code_G[order_G])) + 1):
        yield frame.iloc[rows]
