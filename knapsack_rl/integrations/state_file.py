"""Beliefs beside a checkpoint of another trainer's: ``<checkpoint>/knapsack.json``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from knapsack_rl.base.errors import StateError
from knapsack_rl.records import write_json

NAME = "knapsack.json"


def write_state(checkpoint: Path, state: Mapping[str, Any]) -> None:
    """Write the state into the folder of a checkpoint, whole or not at all."""
    checkpoint.mkdir(parents=True, exist_ok=True)
    # Insertion order is part of the state: a tracker may sum over its prompts, and float sums depend on the order.
    write_json(checkpoint / NAME, dict(state), sort_keys=False)


def find_state(checkpoint: Path) -> dict[str, Any] | None:
    """The state in a checkpoint; None if it has none, as one that was saved without the allocation.

    Raises:
        StateError: it cannot be read.
    """
    path = checkpoint / NAME
    if not path.exists():
        return None
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        state = error
    if not isinstance(state, dict):
        raise StateError(f"{path}: holds no saved beliefs ({state!s:.80}); resume from an earlier checkpoint")
    return state


def read_state(checkpoint: Path) -> dict[str, Any]:
    """The state in a checkpoint that must have one.

    Raises:
        StateError: it has none, or it cannot be read.
    """
    state = find_state(checkpoint)
    if state is None:
        raise StateError(
            f"{checkpoint / NAME}: missing, so there are no beliefs to go on from; resume from a checkpoint that has"
            " them, or start anew from the weights of this one"
        )
    return state
