"""What a task offers to the programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.tasks.preparation import OpenTokenizer, Preparation

CutOff = Literal["wrong", "graded"]
"""The option `cut_off`: a response that was cut off at the token limit is wrong unread, or graded like any other.

The release of Knapsack RL grades the text it has, whether or not the model came to an end.
"""

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""In a task's vocabulary it stands for every character that is not; without it such a character is an error."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Score of one response. Example: ``Verdict(reward=0, reason="truncated")``."""

    reward: int
    """1 right, 0 wrong."""
    reason: str
    """``right``, ``wrong``, ``truncated`` (cut off, and not read further), ``no_answer`` or ``timeout`` (the comparison
    was given up)."""
    extracted: str | None = None
    """The final answer that was judged, None if there is none or the task keeps none."""
    score: float | None = None
    """Partial credit in [0, 1] of a task that gives some; recorded, and no reward."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What is scored. Example: ``Response(prompt=prompt, text="3+4=7#", stop=StopReason.EOS)``."""

    prompt: Prompt
    text: str
    stop: StopReason


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

    def check_templates(self, training: str, benchmarks: str) -> None:
        """Raise ``ConfigError`` unless both prompt templates exist and ask for answers as they are read here."""
        ...

    def preparation(self, open_tokenizer: OpenTokenizer) -> Preparation:
        """Training problems without repetition, held-out problems by benchmark, and what was counted on the way."""
        ...

    def reveal(self, benchmarks: Mapping[str, Sequence[Prompt]]) -> Mapping[str, Sequence[Prompt]]:
        """Benchmarks as they are asked, given those on disk: a set that must not be copied is on disk without text."""
        ...

    def score(self, prompt: Prompt, text: str, *, stop: StopReason) -> Verdict:
        """Judge one response; never raises on any text."""
        ...

    def score_many(self, responses: Sequence[Response]) -> Sequence[Verdict]:
        """Verdicts of ``score`` in order, for all responses of a step or benchmark at once."""
        ...

    def close(self) -> None:
        """Let go of processes; the task can still be used."""
        ...

    def vocabulary(self) -> Sequence[str]:
        """Characters a model of this task must know; the last one ends a response. Empty: bring a tokenizer."""
        ...

    def demonstrations(self, count: int) -> Sequence[Demonstration]:
        """Demonstrations for pre-training, free of benchmark problems."""
        ...
