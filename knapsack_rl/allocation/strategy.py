"""The contract of a one-shot allocation strategy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar, Protocol

import numpy as np

from knapsack_rl.allocation.feasible import check_feasible
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import AllocationError
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRequest:
    """What a step asks of a strategy.

    Example: ``AllocationRequest(total=16, low=2, high=128, prompt_ids=("a", "b"))``.

    Raises:
        AllocationError: No counts fit the bounds and the total, one of these is no whole number, or a cost is not a
            positive number.
    """

    total: int
    """Rollouts to hand out."""
    low: int
    """Fewest rollouts of any prompt."""
    high: int
    """Most rollouts of any prompt."""
    prompt_ids: Sequence[str]
    """Prompts of the step.  [P]"""
    step: int = 0
    """Optimiser phase, from 0."""
    epoch: int = 0
    """Passes over the prompts completed so far."""
    cost_P: FloatArray | None = None
    """Expected tokens of one rollout of each prompt; None = all alike. Read by strategies that spend tokens.  [P]"""
    features: Mapping[str, FloatArray] | None = None
    """Feature vector of every prompt of the run by id; None = not known. Read by strategies that predict.  [F]"""

    def __post_init__(self) -> None:
        """Check that the request can be met."""
        for name in ("total", "low", "high"):
            if not isinstance(value := getattr(self, name), Integral):
                raise AllocationError(f"{name} = {value!r} must be a whole number of rollouts")
        num_prompts = len(self.prompt_ids)
        check_feasible(np.full(num_prompts, self.low), np.full(num_prompts, self.high), total=self.total)
        if self.cost_P is None:
            return
        if self.cost_P.shape != (num_prompts,):
            raise AllocationError(f"{self.cost_P.shape} costs came with {num_prompts} prompts: need one per prompt")
        wrong_P = ~(np.isfinite(self.cost_P) & (self.cost_P > 0.0))
        if wrong_P.any():
            where = int(wrong_P.argmax())
            raise AllocationError(f"cost {self.cost_P[where]:g} of prompt {where} must be a finite number above 0")

    @property
    def token_budget(self) -> float:
        """Tokens that ``total`` rollouts cost when split evenly: ``total * mean(cost)``.

        A uniform step is expected to spend exactly this, so both budgets are the same for it. The lower bounds always
        fit in, because ``low <= total / P``. Without costs a rollout costs 1.
        """
        return float(self.total * self.cost_P.mean()) if self.cost_P is not None and self.total else float(self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a step, for strategies that learn from it.

    Example: ``Outcome(step=1, epoch=0, prompt_ids=("a",), successes_P=np.array([3]), draws_P=np.array([8]))``.
    """

    step: int
    """Optimiser phase."""
    epoch: int
    """Passes over the prompts completed before this step."""
    prompt_ids: Sequence[str]
    """Prompts of the step.  [P]"""
    successes_P: IntArray
    """Rollouts that were right.  [P]"""
    draws_P: IntArray
    """Rollouts that were sampled.  [P]"""


class Strategy(Protocol):
    """Turns beliefs into counts. Implementations inherit from it; they are frozen dataclasses, their fields options."""

    name: ClassVar[str]
    """Name in configuration files."""
    source: ClassVar[str]
    """Where the rule comes from."""

    @property
    def default_belief(self) -> str:
        """Name of the tracker to use when a configuration names none."""
        ...

    @property
    def keeps_bounds(self) -> bool:
        """Whether counts stay within the bounds of the request; False only for rules reproduced with their faults."""
        return True

    @property
    def spends_tokens(self) -> bool:
        """Whether the budget is ``request.token_budget`` tokens instead of ``request.total`` rollouts."""
        return False

    @property
    def reads_features(self) -> bool:
        """Whether ``request.features`` is looked at; making them costs time, so others are given none."""
        return False

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step. Pure: the same arguments, and the same state of ``rng``, give the same answer.

        Args:
            beliefs: Beliefs about the prompts of the request, in its order.  [P]
            request: Total, bounds and context.
            state: What the previous call returned, ``{}`` at first; JSON-serialisable.
            rng: The only source of randomness.

        Returns:
            Counts within the bounds, summing to ``request.total`` [P]; and the state for the next call. A strategy
            that spends tokens keeps ``sum(cost * count)`` within the token budget instead, and leaves no prompt with
            room for a rollout that the rest would pay for.
        """
        ...

    def observe(self, outcome: Outcome, *, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The state after a step's outcome; pure. Most strategies learn through their tracker and change nothing."""
        del outcome
        return state
