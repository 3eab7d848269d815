"""Items of reasoning-gym's sets and their scores, asked of worker processes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knapsack_rl.base.errors import InputError
from knapsack_rl.tasks.isolation.pool import WorkerPool
from knapsack_rl.tasks.isolation.process import TIMEOUT
from knapsack_rl.tasks.procedural.worker import ERROR

PROGRAM = "knapsack_rl.tasks.procedural.worker"
CHUNK = 1024
"""Requests that justify one more process: starting one takes about two seconds of a processor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSet:
    """A set with everything that its items depend on; item ``i`` is drawn with seed ``seed + i``."""

    family: str
    address: str

    @classmethod
    def of(cls, family: str, *, name: str, parameters: Mapping[str, Any], seed: int, size: int) -> "ItemSet":
        """Items ``0 .. size - 1`` of the set ``name``."""
        asked = {"set": name, "parameters": dict(parameters), "seed": seed, "size": size}
        return cls(family=family, address=json.dumps(asked, sort_keys=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A response to an item."""

    items: ItemSet
    index: int
    reference: str
    response: str


class Items:
    """Makes and scores items; its processes start on first need."""

    def __init__(self) -> None:
        self._pool = WorkerPool(program=PROGRAM, chunk=CHUNK)

    def make(self, items: ItemSet, indices: Sequence[int]) -> list[tuple[str, str | None]]:
        """Question and reference answer (None where the set has none) of each item.

        Raises:
            InputError: the set fails on one.
        """
        asked = [(items.address, json.dumps([index, None, None])) for index in indices]
        answers = self._ask(asked)
        for index, answer in zip(indices, answers, strict=True):
            if answer is None:
                raise InputError(f"set {items.family}: problem {index} takes too long to make; change its parameters")
            if isinstance(answer, dict):
                raise InputError(
                    f"set {items.family}: problem {index} is not made: {answer[ERROR]}; change its parameters"
                )
        return [(question, reference) for question, reference in answers]

    def score(self, answered: Sequence[Answered]) -> list[float | None]:
        """Score of each response, None where the scorer was ended; a response that comes again is scored once.

        Raises:
            InputError: the installed reasoning-gym makes other problems than those that were prepared.
        """
        distinct = list(dict.fromkeys(answered))
        asked = [(one.items.address, json.dumps([one.index, one.reference, one.response])) for one in distinct]
        scores = dict(zip(distinct, self._ask(asked), strict=True))
        for one, score in scores.items():
            if isinstance(score, dict):
                raise InputError(
                    f"set {one.items.family}: problem {one.index} cannot be scored: {score[ERROR]}; prepare the"
                    " problems again with the reasoning-gym that is installed"
                )
        return [scores[one] for one in answered]

    def processes(self) -> list[int]:
        """Ids of the worker processes that are running."""
        return self._pool.processes()

    def close(self) -> None:
        """End the worker processes; they start anew when something is asked."""
        self._pool.close()

    def _ask(self, asked: Sequence[tuple[str, str]]) -> list[Any]:
        answers = self._pool.decide(asked, on_done=lambda _: None)
        return [None if answer == TIMEOUT else json.loads(answer) for answer in answers]
