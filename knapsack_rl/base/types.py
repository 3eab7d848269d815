"""Shared data types. Reading this file shows the whole data flow of a step.

Shapes: ``_P`` prompts of a step, ``_G`` rollouts of one prompt (ragged: one count per prompt), ``_T`` tokens.
"""

from dataclasses import dataclass
from enum import StrEnum


class StopReason(StrEnum):
    """Why generation of a rollout ended."""

    EOS = "eos"
    """The model wrote a stop token."""
    LENGTH = "length"
    """The token limit cut the response off; its final answer does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One problem.

    Example: ``Prompt(id="train-0007", text="3+4*5=", answer="5", kind="ops2")``.
    """

    id: str
    """Unique and stable within the study; beliefs and seeds are keyed on it."""
    text: str
    """What the model is given, before tokenisation."""
    answer: str
    """Reference answer, compared by the task's scorer."""
    kind: str
    """Task-defined stratum, for example the number of operations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One sampled response.

    Example: ``Rollout(tokens=(5, 14), logprobs=(-0.1, -0.7), text="4#", stop=StopReason.EOS)``.
    """

    tokens: tuple[int, ...]
    """Response token ids, the stop token included.  [T]"""
    logprobs: tuple[float, ...]
    """Log-probability of each token under the sampling distribution (natural log).  [T]"""
    text: str
    """Decoded response."""
    stop: StopReason
    """Why it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All rollouts of one prompt in one step; groups of a step differ in size."""

    prompt: Prompt
    """The problem."""
    prompt_tokens: tuple[int, ...]
    """Token ids the responses were conditioned on."""
    rollouts: tuple[Rollout, ...]
    """The responses, in rollout-index order.  [G]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingOptions:
    """Sampling distribution and length limit.

    Example: ``SamplingOptions(temperature=0.6, max_response_tokens=4096)``.
    """

    temperature: float
    """Logits are divided by it."""
    max_response_tokens: int
    """A response is cut off after this many tokens."""
    stop_tokens: tuple[int, ...] | None = None
    """Ids that end a response; None: those the sampler was set up with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """What a sampler is asked for in one step: counts and one derived seed per rollout.

    Example: two prompts, 2 and 1 rollouts: ``counts=(2, 1)``, ``seeds=((11, 12), (13,))``.
    """

    prompts: tuple[Prompt, ...]
    """Prompts of the step.  [P]"""
    counts: tuple[int, ...]
    """Rollouts per prompt.  [P]"""
    seeds: tuple[tuple[int, ...], ...]
    """64-bit seed per rollout.  [P][G]"""
    options: SamplingOptions | None = None
    """How to sample, None: as the sampler was set up. Evaluation inside training asks for its own."""
    prompt_tokens: tuple[tuple[int, ...], ...] | None = None
    """Token ids of the prompts, None: the sampler encodes ``prompts`` as it was set up.  [P]"""
    expected_tokens: tuple[float, ...] | None = None
    """Response tokens expected of one rollout per prompt, for who deals the work out; None if nothing is known.  [P]"""
