"""What a task offers to the programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from knapsack_rl.base.types import Prompt, StopReason


@dataclass(frozen=True, slots=True)
class Verdict:
    """Score of one response. Example: ``Verdict(reward=0, reason="truncated")``."""

    reward: int
    """1 right, 0 wrong."""
    reason: str
    """``right``, ``wrong``, ``truncated`` or ``no_answer``."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A prompt and a response to imitate. Example: ``Demonstration("3+4=", "3+4=7#")``."""

    prompt: str
    response: str


class Task(Protocol):
    """A source of prompts and a scorer.

    Everything is a function of the options and the seed given to ``build_task``.
    """

    @property
    def num_train(self) -> int | None:
        """Number of training problems, None if it is known only after preparation."""
        ...

    def train_prompts(self) -> Sequence[Prompt]:
        """Training problems, without repetition."""
        ...

    def benchmarks(self) -> Mapping[str, Sequence[Prompt]]:
        """Held-out problems by benchmark name, disjoint from the training problems."""
        ...

    def score(self, prompt: Prompt, text: str, *, stop: StopReason) -> Verdict:
        """Judge one response; never raises on any text."""
        ...

    def vocabulary(self) -> Sequence[str]:
        """Characters a model of this task must know; the last one ends a response. Empty: bring a tokenizer."""
        ...

    def demonstrations(self, count: int) -> Sequence[Demonstration]:
        """Demonstrations for pre-training, free of benchmark problems."""
        ...
