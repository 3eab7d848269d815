"""What a strategy would have given each prompt of a log, knowing before each step only what earlier steps said.

Shapes: ``_G`` groups of the log, ``_P`` groups of one step.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from knapsack_rl.allocation import AllocationRequest, Outcome, Strategy, build_strategy, default_belief, run_strategy
from knapsack_rl.audit.groups import Groups
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.beliefs import NeedsFeatures, NeedsProbe, Tracker, build_tracker
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assigned:
    """Counts of one strategy over a whole log."""

    strategy: str
    belief: str
    counts_G: IntArray
    """Rollouts; within a step they sum to those of the log.  [G]"""
    rate_G: FloatArray
    """Believed success rate; NaN = unknown.  [G]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A strategy with what it is asked under.

    Example: ``Rule(strategy="knapsack")``.
    """

    strategy: str
    belief: str | None = None
    """Registered tracker; None = the strategy's own."""
    bounds: tuple[int, int] = (2, 128)
    """Fewest and most rollouts; wider in a step whose total does not fit."""
    seed: int = 0
    """Of ties."""

    def build(self) -> tuple[Strategy, Tracker]:
        """Strategy and fresh tracker.

        Raises:
            ConfigError: Unknown names, or a rule that needs what a log does not hold.
        """
        strategy = build_strategy(self.strategy)
        tracker = build_tracker(self.belief or default_belief(self.strategy))
        lacking = (
            (isinstance(tracker, NeedsProbe), "a probe of the policy"),
            (isinstance(tracker, NeedsFeatures) or strategy.reads_features, "features of the prompts"),
            (strategy.spends_tokens, "expected tokens per prompt"),
        )
        for lacks, what in lacking:
            if lacks:
                raise ConfigError(
                    f"strategy {self.strategy!r} with belief {tracker.name!r} needs {what}, which a log does not hold; "
                    "choose another, such as knapsack or knapsack_posterior"
                )
        return strategy, tracker


def replay(groups: Groups, rule: Rule) -> Assigned:
    """Run a strategy along a log: it never sees the outcomes of a step before it has answered.

    Raises:
        ConfigError: Unknown names, or a rule that needs what a log does not hold.
    """
    strategy, tracker = rule.build()
    counts_G = np.zeros(len(groups.step_G), dtype=np.int64)
    rate_G = np.full(len(counts_G), np.nan)
    state: Mapping[str, Any] = {}
    for part in step_slices(groups):
        request = _request(groups, part, rule=rule)
        beliefs = tracker.predict(request.prompt_ids)
        rng = np.random.default_rng(derive_seed(rule.seed, "audit", request.step))
        counts_G[part], state = run_strategy(strategy, beliefs, request=request, state=state, rng=rng)
        rate_G[part] = _known(beliefs)
        tracker.observe(step=request.step, prompt_ids=request.prompt_ids, rewards=_rewards(groups, part))
        state = strategy.observe(_outcome(groups, part, request=request), state=state)
    return Assigned(strategy=rule.strategy, belief=tracker.name, counts_G=counts_G, rate_G=rate_G)


def step_slices(groups: Groups) -> Iterator[slice]:
    """The groups of each step."""
    starts = np.flatnonzero(np.append(True, np.diff(groups.step_G) != 0)).tolist()
    for start, stop in zip(starts, [*starts[1:], len(groups.step_G)], strict=True):
        yield slice(start, stop)


def _known(beliefs: BeliefArrays) -> FloatArray:
    """Rates that rest on at least one rollout: what a prior says of a prompt never met is no knowledge of it."""
    return np.where(beliefs.draws_P > 0, beliefs.rate_P, np.nan)


def _request(groups: Groups, part: slice, *, rule: Rule) -> AllocationRequest:
    drawn_P = groups.num_rollouts_G[part]
    total, num = int(drawn_P.sum()), len(drawn_P)
    return AllocationRequest(
        total=total,
        low=min(rule.bounds[0], total // num),
        high=max(rule.bounds[1], -(-total // num)),
        prompt_ids=tuple(map(str, groups.prompt_G[part].tolist())),
        step=int(groups.step_G[part.start]),
        epoch=int(np.median(groups.visit_G[part])),
    )


def _rewards(groups: Groups, part: slice) -> Sequence[Sequence[int]]:
    start = groups.start_G[part]
    outcomes = groups.success_R[start[0] : start[-1] + groups.num_rollouts_G[part][-1]]
    return [piece.tolist() for piece in np.split(outcomes, (start - start[0])[1:])]


def _outcome(groups: Groups, part: slice, *, request: AllocationRequest) -> Outcome:
    return Outcome(
        step=request.step,
        epoch=request.epoch,
        prompt_ids=request.prompt_ids,
        successes_P=groups.num_successes_G[part],
        draws_P=groups.num_rollouts_G[part],
    )
