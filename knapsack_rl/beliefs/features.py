"""What a tracker may know about a prompt besides its rewards: a vector of features.

A tracker that needs them has ``set_features``; give it every prompt of the training set once, before the first step
and again after a resume (features are an input, not state). `hashed_features` makes them from the prompts' texts.
Shapes: ``_P`` prompts, ``_F`` features.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.base.errors import InputError

FeatureTable = dict[str, FloatArray]
"""Feature vector per prompt id; all of one length.  [F]"""

_GRAMS = (1, 2, 3)


@runtime_checkable
class NeedsFeatures(Protocol):
    """A tracker that predicts from prompt features."""

    def set_features(self, features: Mapping[str, npt.ArrayLike]) -> None:
        """Make features known, by prompt id; later calls add to earlier ones."""
        ...


def merge_features(known: FeatureTable, features: Mapping[str, npt.ArrayLike]) -> FeatureTable:
    """A table with new vectors laid over the known ones.

    Raises:
        InputError: A vector is not one-dimensional and finite, or lengths differ.
    """
    table = known | {key: np.asarray(vector, dtype=np.float64) for key, vector in features.items()}
    length = next(iter(table.values())).size if table else 0
    for key, vector_F in table.items():
        if vector_F.shape != (length,) or not np.isfinite(vector_F).all():
            raise InputError(
                f"features of prompt {key!r} have shape {vector_F.shape}: need {length} finite numbers for every prompt"
            )
    return table


def feature_rows(table: FeatureTable, prompt_ids: Sequence[str], *, tracker: str) -> FloatArray:
    """Feature vectors of some prompts, as [P, F] rows.

    Raises:
        InputError: A prompt has no features.
    """
    try:
        rows = [table[prompt_id] for prompt_id in prompt_ids]
    except KeyError as error:
        raise InputError(
            f"belief {tracker!r} has no features of prompt {error.args[0]!r}: call set_features with all prompts first"
        ) from None
    length = next(iter(table.values())).size if table else 0
    return np.array(rows, dtype=np.float64).reshape(len(rows), length)


def hashed_features(texts: Mapping[str, str], *, num_features: int = 64) -> FeatureTable:
    """Feature vectors from texts alone: hashed character 1- to 3-grams, length one, plus the log of the text's length.

    Cheap and the same on every platform; embeddings of a language model say more, and fit the same table.

    Args:
        texts: Text per prompt id.
        num_features: Length F of the vectors; at least 2.
    """
    table = {}
    for key, text in texts.items():
        vector_F = np.zeros(num_features)
        for gram in (text[start : start + size] for size in _GRAMS for start in range(len(text) - size + 1)):
            vector_F[zlib.crc32(gram.encode()) % (num_features - 1)] += 1.0
        norm = float(np.linalg.norm(vector_F))
        vector_F /= norm if norm > 0.0 else 1.0
        vector_F[-1] = np.log1p(len(text)) / 10.0
        table[key] = vector_F
    return table
