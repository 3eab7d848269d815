"""Strategy and belief of a run whose trainer is not ours: what is known of its prompts, and counts that follow from it.

Shapes: ``_P`` prompts of a step, ``_G`` rollouts of one of them (ragged).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from knapsack_rl.allocation import AllocationRequest, Outcome, build_strategy, run_strategy
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import AllocationError
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.beliefs import HasCost, NeedsFeatures, build_tracker, hashed_features
from knapsack_rl.integrations.settings import LEAST


class Choices(Protocol):
    """What any trainer's settings say of the allocation."""

    @property
    def strategy(self) -> str:
        """Name of the strategy."""
        ...

    @property
    def options(self) -> Mapping[str, Any]:
        """Its options."""
        ...

    @property
    def belief_name(self) -> str:
        """Name of the tracker that is used."""
        ...

    @property
    def belief_options(self) -> Mapping[str, Any]:
        """Its options."""
        ...

    @property
    def low(self) -> int:
        """Fewest rollouts of a prompt."""
        ...

    @property
    def high(self) -> int:
        """Most rollouts of a prompt."""
        ...

    @property
    def seed(self) -> int:
        """Seed of whatever is random in the strategy."""
        ...


class Estimates:
    """Everything that later counts depend on.

    Args:
        choices: what to deal by.
        texts: text of every training prompt by id; read where a belief or strategy predicts from texts.
    """

    def __init__(self, choices: Choices, *, texts: Mapping[str, str] | None = None) -> None:
        self._choices = choices
        self._strategy = build_strategy(choices.strategy, choices.options)
        self.tracker = build_tracker(choices.belief_name, choices.belief_options)
        self.strategy_state: Mapping[str, Any] = {}
        self.visits: Counter[str] = Counter()
        needs = isinstance(self.tracker, NeedsFeatures)
        self._features = hashed_features(texts or {}) if needs or self._strategy.reads_features else None
        if isinstance(self.tracker, NeedsFeatures) and self._features:
            self.tracker.set_features(self._features)

    @property
    def num_multiply_adds(self) -> int:
        """What the belief's own model has cost so far; 0 for beliefs without one."""
        return self.tracker.cost().num_multiply_adds if isinstance(self.tracker, HasCost) else 0

    def counts(
        self, prompt_ids: Sequence[str], *, total: int, step: int, epoch: int, part: int = 0
    ) -> tuple[IntArray, FloatArray, Mapping[str, Any]]:
        """Counts of a step; changes nothing, so the same arguments and estimates give the same answer.

        Args:
            prompt_ids: prompts of the step.  [P]
            total: rollouts to deal.
            step: 1-based.
            epoch: passes over the prompts completed so far.
            part: number of the batch within its step; each has random numbers of its own.

        Returns:
            Counts, at least 2 each [P]; the success rates they follow from, NaN where unknown [P]; the strategy's state
            after it.

        Raises:
            AllocationError: no counts fit bounds and total, or the strategy gives a prompt fewer than two rollouts.
        """
        request = AllocationRequest(
            total=total,
            low=self._choices.low,
            high=self._choices.high,
            prompt_ids=tuple(prompt_ids),
            step=step,
            epoch=epoch,
            features=self._features,
        )
        beliefs = self.tracker.predict(prompt_ids)
        rng = np.random.default_rng(derive_seed(self._choices.seed, "allocate", step, *((part,) if part else ())))
        counts_P, state = run_strategy(self._strategy, beliefs, request=request, state=self.strategy_state, rng=rng)
        if counts_P.size and counts_P.min() < LEAST:
            raise AllocationError(
                f"strategy {self._choices.strategy!r} gives prompt {prompt_ids[int(counts_P.argmin())]!r}"
                f" {counts_P.min()} rollouts, and a group needs {LEAST}; choose another strategy"
            )
        return counts_P, beliefs.rate_P, state

    def visit(self, prompt_id: str) -> int:
        """Number of the visit that a prompt is being paid: 1 the first time."""
        return self.visits[prompt_id] + 1

    def learn(
        self, prompt_ids: Sequence[str], successes_P_G: Sequence[Sequence[int]], *, step: int, epoch: int
    ) -> None:
        """Learn from a step's outcomes.

        Args:
            prompt_ids: prompts that came back.  [P]
            successes_P_G: 1 right, 0 wrong, in rollout order.  [P][G]
            step: 1-based.
            epoch: 0-based.
        """
        self.tracker.observe(step=step, prompt_ids=prompt_ids, rewards=successes_P_G)
        outcome = Outcome(
            step=step,
            epoch=epoch,
            prompt_ids=tuple(prompt_ids),
            successes_P=np.array([sum(group) for group in successes_P_G], dtype=np.int64),
            draws_P=np.array([len(group) for group in successes_P_G], dtype=np.int64),
        )
        self.strategy_state = self._strategy.observe(outcome, state=self.strategy_state)
        self.visits.update(prompt_ids)

    def state_dict(self) -> dict[str, Any]:
        """JSON-serialisable, in an order that matters: a tracker may sum over its prompts."""
        return {
            "tracker": self.tracker.state_dict(),
            "strategy_state": dict(self.strategy_state),
            "visits": dict(self.visits),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state.

        Raises:
            KeyError, TypeError, ValueError: it is incomplete.
            StateError: it is of another tracker.
        """
        self.tracker.load_state_dict(state["tracker"])
        self.strategy_state, self.visits = dict(state["strategy_state"]), Counter(state["visits"])
