"""Run a one-shot strategy and hold it to its contract."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt

from knapsack_rl.allocation.registry import build_strategy
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.base.arrays import IntArray
from knapsack_rl.base.belief import Belief
from knapsack_rl.base.errors import AllocationError
from knapsack_rl.beliefs.arrays import BeliefArrays


def run_strategy(
    strategy: Strategy,
    beliefs: BeliefArrays,
    *,
    request: AllocationRequest,
    state: Mapping[str, Any],
    rng: np.random.Generator,
) -> tuple[IntArray, Mapping[str, Any]]:
    """Counts of a strategy, with budget and bounds asserted.

    Args:
        strategy: The rule.
        beliefs: Beliefs about the prompts of the request, in its order.  [P]
        request: Total, bounds and context.
        state: The strategy's own state, ``{}`` at first.
        rng: The only source of randomness.

    Returns:
        Counts [P] and the new state.

    Raises:
        AllocationError: Beliefs and request differ in length, or the strategy cannot use them.
    """
    num_prompts = len(request.prompt_ids)
    if len(beliefs) != num_prompts:
        raise AllocationError(f"{len(beliefs)} beliefs came with {num_prompts} prompts: need one belief per prompt")
    counts_P, state = strategy(beliefs, request, state=state, rng=rng)
    _assert_contract(strategy, counts_P, request=request)
    return counts_P.astype(np.int64, copy=False), state


def _assert_contract(strategy: Strategy, counts_P: IntArray, *, request: AllocationRequest) -> None:
    """Shape, budget and bounds; a failure is a bug of the strategy."""
    name, num_prompts = strategy.name, len(request.prompt_ids)
    assert counts_P.shape == (num_prompts,), f"{name}: {counts_P.shape} counts for {num_prompts} prompts"  # noqa: S101
    if strategy.spends_tokens and request.cost_P is not None:
        left = request.token_budget - float(counts_P @ request.cost_P)
        slack = 1e-9 * request.token_budget
        idle_P = (counts_P < request.high) & (request.cost_P <= left - slack)
        assert left >= -slack, f"{name}: {-left:g} tokens above the budget of {request.token_budget:g}"  # noqa: S101
        assert not idle_P.any(), f"{name}: {left:g} tokens left for prompt {int(idle_P.argmax())}"  # noqa: S101
    else:
        assert int(counts_P.sum()) == request.total, f"{name}: {counts_P.sum()} is not {request.total}"  # noqa: S101
    if strategy.keeps_bounds:
        least, most = counts_P.min(initial=request.high), counts_P.max(initial=request.low)
        assert request.low <= least, f"{name}: a count of {least} below {request.low}"  # noqa: S101
        assert most <= request.high, f"{name}: a count of {most} above {request.high}"  # noqa: S101


def allocate(
    strategy: str,
    beliefs: BeliefArrays | Sequence[Belief] | npt.ArrayLike,
    *,
    total: int,
    bounds: tuple[int, int],
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
) -> IntArray:
    """Split a rollout budget over prompts: ``allocate("knapsack", [0.1, 0.5, 1.0], total=24, bounds=(2, 128))``.

    Finds counts N_i for

    ``max sum_i v(N_i, belief_i)   subject to   sum_i N_i = total,   low <= N_i <= high``.

    For ``knapsack`` the value is ``v(N, p) = [1 - p^N - (1-p)^N] p (1-p)^2`` (arXiv 2509.25849v1): the chance that
    the group holds both outcomes, times the first-order gain of a gradient step. For ``knapsack_posterior`` it is the
    mean of that under a Beta posterior. Other names replace the rule, not the two constraints.

    Args:
        strategy: One of `strategy_names`.
        beliefs: Success rates with NaN for unknown prompts, or belief records, or `BeliefArrays`.  [P]
        total: Rollouts to hand out.
        bounds: Fewest and most rollouts of any prompt.
        seed: Seed of everything random in the rule.
        options: Options of the strategy.

    Returns:
        Rollouts per prompt, integers, summing to ``total``.  [P]

    Raises:
        ConfigError: Unknown strategy or option.
        AllocationError: No counts fit, a number is none, or beliefs are not probabilities.
    """
    columns = BeliefArrays.of(beliefs)
    if len(bounds) != 2:  # noqa: PLR2004 - a pair
        raise AllocationError(f"bounds = {bounds!r} must be a pair: fewest and most rollouts of a prompt")
    if not isinstance(seed, Integral) or seed < 0:
        raise AllocationError(f"seed {seed!r} must be a whole number, 0 or more")
    low, high = bounds
    prompt_ids = tuple(map(str, range(len(columns))))
    request = AllocationRequest(total=total, low=low, high=high, prompt_ids=prompt_ids)
    rng = np.random.default_rng(seed)
    counts_P, _ = run_strategy(build_strategy(strategy, options), columns, request=request, state={}, rng=rng)
    return counts_P
