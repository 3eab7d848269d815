"""Beliefs of a whole pool as columns: the rules of the trackers, without a Python loop over prompts.

Shapes: ``_I`` prompts of the pool, ``_P`` prompts of a step, ``_R`` rollouts of a step, one prompt after the other.
"""

from typing import Protocol

import numpy as np

from knapsack_rl.base.arrays import BoolArray, IntArray
from knapsack_rl.beliefs import Tracker
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.beta import BetaPosterior
from knapsack_rl.beliefs.cumulative import Cumulative
from knapsack_rl.beliefs.last_visit import LastVisit
from knapsack_rl.beliefs.newest16 import Newest16
from knapsack_rl.beliefs.sliding import Sliding

MAX_BUFFER = 52
"""Rewards of a prompt that fit into one word: sums of powers of two are exact in a float up to here."""


class Columns(Protocol):
    """Beliefs by position in the pool."""

    def observe(self, step: int, index_P: IntArray, *, counts_P: IntArray, rewards_R: BoolArray) -> None:
        """Record a step's rewards, ``counts_P`` of them for each prompt in turn."""
        ...

    def predict(self, index_P: IntArray) -> BeliefArrays:
        """Current beliefs about some prompts, as [P] columns."""
        ...


def group_successes(counts_P: IntArray, rewards_R: BoolArray) -> IntArray:
    """Successes per prompt; [P]."""
    total_R = np.concatenate([[0], np.cumsum(rewards_R)])
    end_P = np.cumsum(counts_P)
    return np.asarray(total_R[end_P] - total_R[end_P - counts_P], dtype=np.int64)


class CountColumns:
    """Successes and failures of which a share is kept per visit: `Cumulative`, `LastVisit` and `BetaPosterior`."""

    def __init__(self, num_prompts: int, *, decay: float, prior: tuple[float, float] | None) -> None:
        """Start from nothing.

        Args:
            num_prompts: Size I of the pool.
            decay: Share of the older counts kept at a visit.
            prior: Pseudo-counts of a Beta belief; None = plug-in beliefs.
        """
        self._decay, self._prior = decay, prior
        self._won_I, self._lost_I = np.zeros(num_prompts), np.zeros(num_prompts)

    def observe(self, step: int, index_P: IntArray, *, counts_P: IntArray, rewards_R: BoolArray) -> None:
        """Record a step's rewards; see `Columns.observe`."""
        del step
        visited_P = counts_P > 0
        index_V = index_P[visited_P]
        won_V = group_successes(counts_P, rewards_R)[visited_P]
        self._won_I[index_V] = self._decay * self._won_I[index_V] + won_V
        self._lost_I[index_V] = self._decay * self._lost_I[index_V] + counts_P[visited_P] - won_V

    def predict(self, index_P: IntArray) -> BeliefArrays:
        """Beliefs; see `Columns.predict`."""
        won_P, lost_P = self._won_I[index_P], self._lost_I[index_P]
        if self._prior is None:
            return BeliefArrays.from_counts(won_P, won_P + lost_P)
        a_P, b_P = self._prior[0] + won_P, self._prior[1] + lost_P
        return BeliefArrays(rate_P=a_P / (a_P + b_P), successes_P=won_P, draws_P=won_P + lost_P, a_P=a_P, b_P=b_P)


class NewestColumns:
    """The newest rewards of every prompt as bits of a word: `Newest16` and `Sliding`."""

    def __init__(self, num_prompts: int, *, rule: Newest16) -> None:
        """Start from nothing, with the options of ``rule`` (a buffer of at most `MAX_BUFFER`)."""
        self._rule = rule
        self._bits_I = np.zeros(num_prompts, dtype=np.uint64)  # newest reward in the lowest bit
        self._seen_I, self._last_won_I, self._last_drawn_I = np.zeros((3, num_prompts), dtype=np.int64)

    def observe(self, step: int, index_P: IntArray, *, counts_P: IntArray, rewards_R: BoolArray) -> None:
        """Record a step's rewards; see `Columns.observe`."""
        del step
        visited_P, buffer = counts_P > 0, self._rule.buffer
        index_V, drawn_V = index_P[visited_P], counts_P[visited_P]
        visit_R = np.repeat(np.arange(len(drawn_V)), drawn_V)
        age_R = np.repeat(np.cumsum(drawn_V), drawn_V) - 1 - np.arange(len(rewards_R))
        kept_R = rewards_R & (age_R < buffer)
        bits_V = np.bincount(visit_R[kept_R], weights=np.exp2(age_R[kept_R]), minlength=len(drawn_V)).astype(np.uint64)
        older_V = self._bits_I[index_V] << np.minimum(drawn_V, buffer).astype(np.uint64)
        self._bits_I[index_V] = (older_V | bits_V) & np.uint64(2**buffer - 1)
        self._seen_I[index_V] += drawn_V
        self._last_won_I[index_V] = group_successes(counts_P, rewards_R)[visited_P]
        self._last_drawn_I[index_V] = drawn_V

    def predict(self, index_P: IntArray) -> BeliefArrays:
        """Beliefs; see `Columns.predict`."""
        rule, seen_P, last_P = self._rule, self._seen_I[index_P], self._last_drawn_I[index_P]
        alone_P = np.full(len(seen_P), rule.epoch) & ((last_P >= rule.buffer) | (not rule.robust))
        won_P = np.where(alone_P, self._last_won_I[index_P], np.bitwise_count(self._bits_I[index_P]))
        drawn_P = np.where(alone_P, last_P, np.minimum(seen_P, rule.buffer))
        known_P = seen_P >= rule.minimum
        return BeliefArrays.from_counts(np.where(known_P, won_P, 0), np.where(known_P, drawn_P, 0))


def columns_of(tracker: Tracker, num_prompts: int) -> Columns | None:
    """Fresh columns with the rule and options of a fresh tracker; None if only the tracker itself knows its rule."""
    match tracker:
        case BetaPosterior(prior_a=a, prior_b=b, decay=decay):
            return CountColumns(num_prompts, decay=decay, prior=(a, b))
        case Cumulative():
            return CountColumns(num_prompts, decay=1.0, prior=None)
        case LastVisit(visits=1):
            return CountColumns(num_prompts, decay=0.0, prior=None)
        case Newest16(buffer=buffer) if buffer <= MAX_BUFFER:
            return NewestColumns(num_prompts, rule=tracker)
        case Sliding(buffer=buffer, minimum=minimum) if buffer <= MAX_BUFFER:
            return NewestColumns(num_prompts, rule=Newest16(buffer=buffer, minimum=minimum, epoch=False))
    return None
