"""What a belief costs beside the rollouts it is made from."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictorCost:
    """What a learned predictor has cost so far."""

    num_updates: int
    """Gradient steps."""
    num_multiply_adds: int
    """Multiplications with an addition, in updates and predictions; restored on a resume."""
    seconds: float
    """Wall clock spent in updates and predictions by this process."""


@runtime_checkable
class HasCost(Protocol):
    """A tracker that trains a model of its own; its compute is charged to the arm that uses it."""

    def cost(self) -> PredictorCost:
        """What it has cost so far; never falls."""
        ...
