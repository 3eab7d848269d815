"""Process that makes and scores problems of reasoning-gym, started by the pool.

Asked with (a set, an item) it answers the item, or the score of a response to it. The set is the JSON of its name,
parameters, seed and size; the item is the JSON of its index, the reference answer and the response, both null where the
item itself is wanted. Every item is made with the global generators of random and numpy seeded for it, since a few sets
(``list_functions``, ``pool_matrix``) draw from these; the process has them for itself.
"""

import contextlib
import json
import os
import random
import sys
import warnings
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from knapsack_rl.tasks.isolation.process import TIMEOUT, OutOfTime, limit_process, limited, serve
from knapsack_rl.tasks.procedural.installed import open_set
from knapsack_rl.tasks.procedural.readable import readable

MAKING_S, SCORING_S = 30.0, 1.0
"""Processor seconds for making an item and for scoring a response; half as much again ends the process."""
ERROR = "error"
"""Key of an answer that says why there is none."""


@lru_cache(maxsize=1 << 15)  # a model comes back to its answers; sympy takes milliseconds for each
def answer(address: str, item: str) -> bytes:
    """JSON of ``[question, reference]``, of the score, or of ``{"error": ...}``; ``TIMEOUT`` if time ran out."""
    index, reference, response = json.loads(item)
    try:
        entry = _entry(address, index)
    except (OutOfTime, MemoryError):
        return TIMEOUT
    except Exception as error:  # noqa: BLE001 - whatever the set raises is told to whoever asked
        return _json({ERROR: " ".join(f"{type(error).__name__}: {error}".split())[:300]})
    mine = None if entry["answer"] is None else str(entry["answer"])
    if response is None:
        return _json([str(entry["question"]), mine])
    if (mine or "") != reference:
        return _json({ERROR: f"its answer is {mine!r} here, and {reference!r} in the prepared problems"})
    return _score(address, entry, response=response)


def _score(address: str, entry: dict[str, Any], *, response: str) -> bytes:
    made = _set(address)
    try:
        with limited(SCORING_S, hard_s=1.5 * SCORING_S):
            return _json(float(made.score_answer(response, entry)) if readable(_name(address), response) else 0.0)
    except (OutOfTime, MemoryError):
        return TIMEOUT
    except Exception:  # noqa: BLE001 - a response on which the scorer fails is wrong; it was written by a model
        return _json(0.0)


def _name(address: str) -> str:
    return str(json.loads(address)["set"])


@lru_cache(maxsize=64)
def _set(address: str) -> Any:  # noqa: ANN401 - an object of reasoning-gym
    asked = json.loads(address)
    return open_set(asked["set"], asked["parameters"], seed=asked["seed"], size=asked["size"])


@lru_cache(maxsize=8192)
def _entry(address: str, index: int) -> dict[str, Any]:
    made = _set(address)
    random.seed(made.seed + index)
    np.random.seed((made.seed + index) % 2**32)  # noqa: NPY002 - the generator that the sets draw from
    with limited(MAKING_S, hard_s=1.5 * MAKING_S):
        entry: dict[str, Any] = made[index]
    return entry


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def main() -> None:
    """Serve the socket whose file descriptor is the first argument."""
    import reasoning_gym  # noqa: F401 - slow, so before the first clock

    limit_process()
    warnings.simplefilter("ignore")  # numpy's about responses that it cannot read
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        serve(Connection(int(sys.argv[1])), answer)
