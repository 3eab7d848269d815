"""How many parameters a model has, read from the headers of its weight files; nothing is loaded."""

import json
import math
import struct
from pathlib import Path

from knapsack_rl.base.errors import InputError

_LENGTH = struct.Struct("<Q")
MAX_HEADER_BYTES = 100_000_000
"""The format's own bound; a larger number means the file is something else."""


def num_parameters(folder: Path) -> int | None:
    """Elements of all tensors in the ``*.safetensors`` files of ``folder``; None where there are none.

    A tied output layer is stored once and counts once. Format: 8 bytes little-endian length of a JSON header, the
    header (name to ``dtype, shape, data_offsets``), the data.

    Raises:
        InputError: a file is not of this format.
    """
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    return sum(_elements(path) for path in files) if files else None


def _elements(path: Path) -> int:
    try:
        with path.open("rb") as stream:
            (length,) = _LENGTH.unpack(stream.read(_LENGTH.size))
            header = json.loads(stream.read(min(length, MAX_HEADER_BYTES)))
        return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
    except (OSError, struct.error, ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path}: is not a readable safetensors file; write the model again") from None
