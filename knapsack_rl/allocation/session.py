"""One step of a method, driven from outside: which rollouts are wanted next, and what came of them.

Trainer and simulation drive it alike::

    session = Session(method, context, ledger=ledger)
    while (draw := session.pending) is not None:
        session.answer(drawn, spent)           # whoever generates says what it cost
    session.update                             # what is trained on
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from knapsack_rl.allocation.ledger import Ledger, Spent
from knapsack_rl.allocation.oneshot import run_strategy
from knapsack_rl.allocation.rounds import (
    Draw,
    Drawn,
    NewPrompts,
    Rounds,
    SequentialMethod,
    StepContext,
    Update,
)
from knapsack_rl.allocation.strategy import Outcome, Strategy
from knapsack_rl.base.errors import AllocationError
from knapsack_rl.beliefs.arrays import BeliefArrays

MAX_ROUNDS = 1000
"""A method that asks more often in one step is taken to be stuck."""


@dataclass(frozen=True, slots=True)
class OneRound:
    """A one-shot strategy as a method of one round: its counts, and everything drawn is trained on."""

    strategy: Strategy

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request = context.request
        counts_P, state = run_strategy(
            self.strategy, context.beliefs, request=request, state=context.state, rng=context.rng
        )
        drawn = yield Draw(counts=dict(zip(request.prompt_ids, counts_P.tolist(), strict=True)))
        outcome = Outcome(
            step=request.step,
            epoch=request.epoch,
            prompt_ids=request.prompt_ids,
            successes_P=np.array([drawn.successes[prompt_id] for prompt_id in request.prompt_ids], dtype=np.int64),
            draws_P=counts_P,
        )
        return Update(state=self.strategy.observe(outcome, state=state))


class Session:
    """Drives a method through one step, checks what it asks for, and counts what each prompt has been drawn.

    Args:
        method: a sequential method, or a one-shot strategy.
        context: of the step; its ``spent`` is replaced by a reading of ``ledger``.
        ledger: charged with every round.

    Raises:
        AllocationError: the method asks for what cannot be drawn, or trains on what was not. Its name is in the text.
    """

    def __init__(self, method: SequentialMethod | Strategy, context: StepContext, *, ledger: Ledger) -> None:
        self._name = method.name
        self._ledger = ledger
        self._drawn: dict[str, int] = {}
        self._known = set(context.request.prompt_ids)
        context = replace(
            context,
            new_prompts=self._remembering(context.new_prompts),
            revisit=self._readmitting(context.revisit),
            spent=lambda: ledger.total,
        )
        self._rounds = (method if isinstance(method, SequentialMethod) else OneRound(method)).rounds(context)
        self._pending: Draw | None = None
        self._update: Update | None = None
        self._advance(None)

    @property
    def pending(self) -> Draw | None:
        """The rollouts wanted next; None when the step is over."""
        return self._pending

    @property
    def update(self) -> Update:
        """What is trained on."""
        assert self._update is not None, "the step is not over"  # noqa: S101 - our own contract
        return self._update

    def first_index(self, prompt_id: str) -> int:
        """Index of the prompt's next rollout in this step; goes on over rounds, so that no noise is used twice."""
        return self._drawn.get(prompt_id, 0)

    def answer(self, drawn: Drawn, *, spent: Spent) -> None:
        """Charge a round, tell the method what came of it, and let it go on."""
        assert self._pending is not None, "no rollouts were wanted"  # noqa: S101 - our own contract
        self._ledger.charge(spent)
        for prompt_id, count in self._pending.counts.items():
            self._drawn[prompt_id] = self.first_index(prompt_id) + count
        self._advance(drawn)

    def _remembering(self, new_prompts: NewPrompts) -> NewPrompts:
        def more(count: int) -> tuple[tuple[str, ...], BeliefArrays]:
            prompt_ids, beliefs = new_prompts(count)
            self._known.update(prompt_ids)
            return prompt_ids, beliefs

        return more

    def _readmitting(self, revisit: Callable[[Sequence[str]], BeliefArrays]) -> Callable[[Sequence[str]], BeliefArrays]:
        def again(prompt_ids: Sequence[str]) -> BeliefArrays:
            twice = next((prompt_id for prompt_id in prompt_ids if prompt_id in self._known), None)
            if twice is not None or len(set(prompt_ids)) != len(prompt_ids):
                raise AllocationError(f"{self._name}: revisits a prompt that is in this step already ({twice!r})")
            beliefs = revisit(prompt_ids)
            self._known.update(prompt_ids)
            return beliefs

        return again

    def _advance(self, drawn: Drawn | None) -> None:
        try:
            self._pending = next(self._rounds) if drawn is None else self._rounds.send(drawn)
        except StopIteration as end:
            self._pending, self._update = None, end.value
            self._check_update()
            return
        self._check_draw(self._pending)

    def _check_draw(self, draw: Draw) -> None:
        if len(self._ledger.rounds) >= MAX_ROUNDS:
            raise AllocationError(f"{self._name}: asked for more than {MAX_ROUNDS} rounds in one step; it is stuck")
        if not sum(draw.counts.values()):
            raise AllocationError(f"{self._name}: asked for a round without rollouts; return an Update instead")
        for prompt_id, count in draw.counts.items():
            if prompt_id not in self._known:
                raise AllocationError(f"{self._name}: prompt {prompt_id!r} is not one of this step")
            if count < 0:
                raise AllocationError(f"{self._name}: {count} rollouts of prompt {prompt_id!r}; need 0 or more")

    def _check_update(self) -> None:
        if not isinstance(self._update, Update):
            raise AllocationError(f"{self._name}: a step must end with an Update, not with {self._update!r}")
        for prompt_id, kept in (self._update.kept or {}).items():
            drawn = self._drawn.get(prompt_id, 0)
            wanted = range(drawn) if kept.rollouts is None else kept.rollouts
            if not drawn or any(not 0 <= index < drawn for index in wanted) or len(set(wanted)) != len(wanted):
                raise AllocationError(
                    f"{self._name}: trains on rollouts {tuple(wanted)} of prompt {prompt_id!r}; {drawn} were drawn"
                )
            if kept.advantages_G is not None and len(kept.advantages_G) != len(wanted):
                raise AllocationError(
                    f"{self._name}: {len(kept.advantages_G)} advantages for {len(wanted)} rollouts of {prompt_id!r}"
                )
