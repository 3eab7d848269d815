"""One step of a simulated run: a method asks for rollouts of latent success rates until it is content.

Shapes: ``_I`` prompts of the pool, ``_P`` prompts of a step, ``_R`` rollouts of a step, one prompt after the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from knapsack_rl.allocation import (
    AllocationRequest,
    Draw,
    Drawn,
    Ledger,
    Method,
    Session,
    Spent,
    StepContext,
    Update,
)
from knapsack_rl.base.arrays import BoolArray, FloatArray, IntArray
from knapsack_rl.base.order import EpochOrder
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.simulation.columns import Columns
from knapsack_rl.simulation.world import World


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Visits:
    """Visits of prompts, in the order in which they were first asked for."""

    p_true_P: FloatArray
    """True rate at the visit.  [P]"""
    p_belief_P: FloatArray
    """Believed rate; NaN = unknown.  [P]"""
    counts_P: IntArray
    """Rollouts.  [P]"""
    successes_P: IntArray
    """Successes.  [P]"""
    cost_P: FloatArray
    """Expected tokens of a rollout.  [P]"""


class Drawing:
    """Draws the rollouts of one step.

    Args:
        world: latent rates.
        knowledge: beliefs about them.
        order: further prompts are taken from it.
        rng: of the method and of the rollouts, in turns.
    """

    def __init__(self, world: World, knowledge: Columns, *, order: EpochOrder, rng: np.random.Generator) -> None:
        self._world, self._knowledge, self._order, self._rng = world, knowledge, order, rng
        self._known: dict[int, int] = {}  # position in the pool -> position among what is believed
        self._beliefs: list[BeliefArrays] = []
        self._rewards: dict[int, list[BoolArray]] = {}
        self.ledger = Ledger()
        """What each round cost; a rollout has one token here."""
        self.update = Update()
        """What the method trains on, once it has run."""

    def run(self, method: Method, request: AllocationRequest, *, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """Drive the method from its first request to its update; returns what it remembers."""
        index_P = np.array([int(prompt_id) for prompt_id in request.prompt_ids])
        context = StepContext(
            request=request,
            beliefs=self._introduce(index_P),
            state=state,
            rng=self._rng,
            new_prompts=self._new_prompts,
            revisit=lambda again: self._introduce(np.array([int(prompt_id) for prompt_id in again])),
        )
        session = Session(method, context, ledger=self.ledger)
        while (draw := session.pending) is not None:
            session.answer(self._round(draw), spent=_spent(draw))
        self.update = session.update
        return session.update.state

    def rewards(self) -> dict[str, list[float]]:
        """Rewards of all rollouts so far by prompt id, over all rounds."""
        return {str(index): np.concatenate(rounds).astype(float).tolist() for index, rounds in self._rewards.items()}

    def _new_prompts(self, count: int) -> tuple[tuple[str, ...], BeliefArrays]:
        count = min(count, len(self._world) - len(self._known))
        index_Q = np.array(self._order.take(count, without=self._known), dtype=np.int64)
        return tuple(map(str, index_Q.tolist())), self._introduce(index_Q)

    def _introduce(self, index_P: IntArray) -> BeliefArrays:
        """Look once: an oracle's probe draws anew at every look."""
        beliefs = self._knowledge.predict(index_P)
        self._known |= {index: len(self._known) + number for number, index in enumerate(index_P.tolist())}
        self._beliefs.append(beliefs)
        return beliefs

    def _round(self, draw: Draw) -> Drawn:
        index_Q = np.array([int(prompt_id) for prompt_id in draw.counts])
        counts_Q = np.array(list(draw.counts.values()))
        rewards_R = self._world.sample(index_Q, counts_Q, rng=self._rng)
        groups = np.split(rewards_R, np.cumsum(counts_Q)[:-1])
        for index, rewards_G in zip(index_Q.tolist(), groups, strict=True):
            self._rewards.setdefault(index, []).append(rewards_G)
        return Drawn(
            rewards={
                prompt_id: group_G.astype(float).tolist()
                for prompt_id, group_G in zip(draw.counts, groups, strict=True)
            },
            successes={prompt_id: int(group_G.sum()) for prompt_id, group_G in zip(draw.counts, groups, strict=True)},
            num_tokens={prompt_id: [1] * count for prompt_id, count in draw.counts.items()},
        )

    def _drawn(self) -> tuple[IntArray, list[BoolArray]]:
        return np.array(list(self._rewards)), [np.concatenate(rewards) for rewards in self._rewards.values()]

    def visit(self, cost_I: FloatArray) -> tuple[Visits, BeliefArrays]:
        """What was drawn, and what had been believed of those prompts."""
        index_P, rewards = self._drawn()
        beliefs = BeliefArrays.joined(self._beliefs).take(np.array([self._known[index] for index in index_P.tolist()]))
        return Visits(
            p_true_P=self._world.rate(index_P),
            p_belief_P=beliefs.rate_P,
            counts_P=np.array([len(group_G) for group_G in rewards]),
            successes_P=np.array([int(group_G.sum()) for group_G in rewards]),
            cost_P=cost_I[index_P],
        ), beliefs

    def learn(self, step: int) -> None:
        """The world moves by what was drawn, and beliefs see every reward.

        Every rollout teaches, those that the method would not train on included: what selection within a group does to
        learning is not modelled.
        """
        index_P, rewards = self._drawn()
        counts_P = np.array([len(group_G) for group_G in rewards])
        successes_P = np.array([int(group_G.sum()) for group_G in rewards])
        self._world.learn(index_P, counts_P, successes_P=successes_P)
        self._knowledge.observe(step, index_P, counts_P=counts_P, rewards_R=np.concatenate(rewards))


def _spent(draw: Draw) -> Spent:
    drawn = sum(draw.counts.values())
    return Spent(num_rollouts=drawn, num_response_tokens=drawn)
