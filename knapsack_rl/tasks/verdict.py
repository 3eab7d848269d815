"""What is scored, what comes of it, and what is imitated."""

from dataclasses import dataclass

from knapsack_rl.base.types import Prompt, StopReason


@dataclass(frozen=True, slots=True)
class Verdict:
    """Score of one response. Example: ``Verdict(reward=0, reason="truncated")``."""

    reward: float
    """What advantages are made of: 1 right, 0 wrong, or anything else where the task gives partial credit."""
    reason: str
    """``right``, ``wrong``, ``truncated`` (cut off, and not read further), ``no_answer`` or ``timeout`` (the comparison
    was given up)."""
    extracted: str | None = None
    """The final answer that was judged, None if there is none or the task keeps none."""
    score: float | None = None
    """Partial credit in [0, 1] of a task that gives some; recorded, whether or not it is the reward."""


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
