"""Run a one-shot strategy and hold it to its contract."""

from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt

from knapsack_rl.allocation.registry import build_strategy
from knapsack_rl.allocation.strategy import AllocationRequest, Strategy
from knapsack_rl.base.arrays import FloatArray, IntArray
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
    """Counts of a strategy, held to budget and bounds.

    Args:
        strategy: The rule.
        beliefs: Beliefs about the prompts of the request, in its order.  [P]
        request: Total, bounds and context.
        state: The strategy's own state, ``{}`` at first.
        rng: The only source of randomness.

    Returns:
        Counts [P] and the new state.

    Raises:
        AllocationError: Beliefs and request differ in length, the strategy cannot use them, or its counts are not those
            that were asked for.
    """
    num_prompts = len(request.prompt_ids)
    if len(beliefs) != num_prompts:
        raise AllocationError(f"{len(beliefs)} beliefs came with {num_prompts} prompts: need one belief per prompt")
    counts, state = strategy(beliefs, request, state=state, rng=rng)
    counts_P = np.asarray(counts)
    if broken := next(_broken(strategy, counts_P, request=request), None):
        raise AllocationError(f"strategy {strategy.name} broke its contract: {broken}; mend its code")
    return counts_P.astype(np.int64, copy=False), state


def _broken(strategy: Strategy, counts_P: IntArray, *, request: AllocationRequest) -> Iterator[str]:
    """What is wrong with the shape, kind, budget or bounds of counts: a bug of the strategy."""
    num_prompts = len(request.prompt_ids)
    if counts_P.shape != (num_prompts,):
        yield f"counts of shape {counts_P.shape} for {num_prompts} prompts"
    elif not np.issubdtype(counts_P.dtype, np.integer):
        yield f"counts are {counts_P.dtype}, not integers"
    elif strategy.spends_tokens and request.cost_P is not None:
        yield from _broken_tokens(counts_P, request.cost_P, request=request)
    elif (total := int(counts_P.sum())) != request.total:
        yield f"counts sum to {total}, not to the {request.total} of the step"
    if strategy.keeps_bounds:
        least, most = counts_P.min(initial=request.high), counts_P.max(initial=request.low)
        if least < request.low:
            yield f"a count of {least} is below {request.low}"
        if most > request.high:
            yield f"a count of {most} is above {request.high}"


def _broken_tokens(counts_P: IntArray, cost_P: FloatArray, *, request: AllocationRequest) -> Iterator[str]:
    """Tokens above the budget, or left over although another rollout of some prompt would fit."""
    left = request.token_budget - float(counts_P @ cost_P)
    slack = 1e-9 * request.token_budget
    idle_P = (counts_P < request.high) & (cost_P <= left - slack)
    if left < -slack:
        yield f"{-left:g} tokens above the budget of {request.token_budget:g}"
    elif idle_P.any():
        yield f"{left:g} tokens left for prompt {int(idle_P.argmax())}"


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
