"""Types of the numpy arrays that functions take and return. Suffixes of names give shapes, see `docs/notation.md`."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
