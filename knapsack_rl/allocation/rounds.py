"""The contract of a sequential method: it asks for rollouts, sees outcomes, asks again, and says what is trained on.

A method is a generator. It is handed a `StepContext`, yields `Draw` requests, is sent what came of each as `Drawn`, and
returns an `Update`. One-shot strategies are the special case of one round (`knapsack_rl.allocation.session.OneRound`).
Shapes: ``_P`` prompts of a step, ``_Q`` prompts of a round, ``_G`` rollouts of one prompt (ragged).
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from knapsack_rl.allocation.ledger import Spent
from knapsack_rl.allocation.strategy import AllocationRequest
from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Rollouts that a method asks for in one round; all of them are generated and charged.

    Example: ``Draw(counts={"a": 4, "b": 2})``.
    """

    counts: Mapping[str, int]
    """Rollouts of each prompt by id; prompts of the step, or ones that `StepContext.new_prompts` gave.

    A prompt with 0 is recorded as visited without rollouts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What came of one round, in the order of its request."""

    rewards: Mapping[str, Sequence[float]]
    """Rewards of the round's rollouts by prompt id.  [Q][G]"""
    successes: Mapping[str, int]
    """Rollouts of the round whose reward reaches the task's threshold of success, by prompt id.  [Q]"""
    num_tokens: Mapping[str, Sequence[int]]
    """Response tokens of the round's rollouts by prompt id.  [Q][G]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Rollouts of one prompt that the step trains on."""

    rollouts: tuple[int, ...] | None = None
    """Their indices over all rounds of the step; None = all."""
    advantages_G: FloatArray | None = None
    """Their advantages, if the method defines them; None = the study's rule over the rollouts kept.  [G]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """End of a step: what is trained on, and what the method remembers."""

    kept: Mapping[str, Kept] | None = None
    """By prompt id; prompts left out are not trained on. None = every rollout of every prompt."""
    state: Mapping[str, Any] = field(default_factory=dict)
    """Handed to the next step's `StepContext`; JSON-serialisable, saved and resumed with the run."""


class NewPrompts(Protocol):
    """Takes further prompts from the run's stream, none of them in the step so far."""

    def __call__(self, count: int) -> tuple[tuple[str, ...], BeliefArrays]:
        """Ids of the next ``count`` prompts, or of as many as are left, and the beliefs about them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """What a method may look at in one step."""

    request: AllocationRequest
    """Prompts of the step, rollouts to hand out, bounds, step, epoch, expected costs."""
    beliefs: BeliefArrays
    """Beliefs about ``request.prompt_ids``, in their order.  [P]"""
    state: Mapping[str, Any]
    """What the step before returned, ``{}`` at first."""
    rng: np.random.Generator
    """The only source of randomness."""
    new_prompts: NewPrompts
    """More prompts than the step began with, for selection and refill."""
    revisit: Callable[[Sequence[str]], BeliefArrays]
    """Brings prompts of earlier steps into this one, by id; what is believed about them."""
    spent: Callable[[], Spent] = Spent
    """What the step has cost so far; a copy."""


Rounds = Generator[Draw, Drawn, Update]
"""A method at work on one step."""


@runtime_checkable
class SequentialMethod(Protocol):
    """A method that may draw in rounds. Implementations inherit from it; they are frozen dataclasses of their options.

    A method need not spend ``request.total`` rollouts: runs of such methods are compared at equal cost by the ledger.
    """

    name: ClassVar[str]
    """Name in configuration files."""
    source: ClassVar[str]
    """Where the rule comes from, and how certain its details are."""

    @property
    def default_belief(self) -> str:
        """Name of the tracker to use when a configuration names none."""
        return "newest16"

    @property
    def reads_features(self) -> bool:
        """Whether ``request.features`` is looked at."""
        return False

    def rounds(self, context: StepContext) -> Rounds:
        """One step. Deterministic: the same context and outcomes give the same requests."""
        ...
