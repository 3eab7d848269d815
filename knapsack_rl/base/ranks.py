"""The processes that train one run together. Each makes the same decisions; only the heavy work is dealt out."""

from collections.abc import Mapping
from typing import Any, Protocol


class Ranks(Protocol):
    """What the trainer needs of them."""

    rank: int
    """Number of this process, 0 first; rank 0 alone writes files and shows progress."""
    size: int
    """Number of processes."""

    def gather(self, value: Any) -> list[Any]:  # noqa: ANN401 - any record
        """The ``value`` of every rank, in rank order, on every rank; all must call it."""
        ...


def is_rank(environment: Mapping[str, str]) -> bool:
    """Whether a launcher started this process as one of several, by torchrun's variables."""
    return "RANK" in environment and int(environment.get("WORLD_SIZE", "1")) > 1


class OneRank:
    """This process alone."""

    rank = 0
    size = 1

    def gather(self, value: Any) -> list[Any]:  # noqa: ANN401 - any record
        """Its own value."""
        return [value]


ONE_RANK: Ranks = OneRank()
