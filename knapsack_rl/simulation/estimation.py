"""How estimation error eats the gain: batches at rest, beliefs from H draws, against an allocator that knows the rates.

Every batch is seen by every strategy with the same estimates, so differences are paired by batch. ``_P`` = prompts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from knapsack_rl.allocation import AllocationRequest, Strategy, build_strategy, run_strategy
from knapsack_rl.allocation.value import knapsack_value
from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.grpo import effective_ratios
from knapsack_rl.simulation.pools import Pool, draw_rates

KNOWN = 0
"""In place of a number of draws: the allocator is told the true rates."""

_KNOWN_DRAWS = 1e6  # a known rate is handed over as so many draws, for strategies that read counts


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimationSpec:
    """Batches to draw.

    Example: ``EstimationSpec(pool=POOLS["hard"])`` is 24 batches of 256 prompts with 8 rollouts each.
    """

    pool: Pool
    num_batches: int = 24
    batch: int = 256
    budget_per_prompt: int = 8
    bounds: tuple[int, int] = (2, 128)
    seed: int = 0


def estimation_rows(
    spec: EstimationSpec, strategies: Mapping[str, Mapping[str, Any]], *, draws: Sequence[int]
) -> Iterator[dict[str, float | str]]:
    """One row per batch, number of draws and strategy.

    Columns: ``pool, strategy, draws, batch``, the effective-gradient ratios ``ratio_rollouts, ratio_prompts``, the true
    objective ``objective`` (sum of ``V(N, p)`` at the true rates), its relative ``gain`` over equal counts, and
    ``discoveries``: prompts without a success among their draws that had one now (NaN where the rates are known).

    Args:
        spec: Batches.
        strategies: Registered names with their options.
        draws: Draws behind each estimate; `KNOWN` = the true rates.
    """
    for number in range(spec.num_batches):
        rate_P = draw_rates(spec.pool, spec.batch, rng=_rng(spec, "rates", number))
        for behind in draws:
            beliefs = _beliefs(rate_P, behind, rng=_rng(spec, "draws", number, behind))
            for name, options in strategies.items():
                rng = _rng(spec, "rollouts", number)
                facts = _allocated(spec, build_strategy(name, options), rate_P=rate_P, beliefs=beliefs, rng=rng)
                if behind == KNOWN:
                    facts["discoveries"] = float("nan")
                yield {"pool": spec.pool.name, "strategy": name, "draws": behind, "batch": number, **facts}


def _beliefs(rate_P: FloatArray, behind: int, *, rng: np.random.Generator) -> BeliefArrays:
    if behind == KNOWN:
        return BeliefArrays.from_counts(rate_P * _KNOWN_DRAWS, np.full(len(rate_P), _KNOWN_DRAWS))
    return BeliefArrays.from_counts(rng.binomial(behind, rate_P), np.full(len(rate_P), behind))


def _allocated(
    spec: EstimationSpec, strategy: Strategy, *, rate_P: FloatArray, beliefs: BeliefArrays, rng: np.random.Generator
) -> dict[str, float]:
    low, high = spec.bounds
    request = AllocationRequest(
        total=spec.budget_per_prompt * spec.batch, low=low, high=high, prompt_ids=tuple(map(str, range(spec.batch)))
    )
    counts_P, _ = run_strategy(strategy, beliefs, request=request, state={}, rng=rng)
    successes_P = rng.binomial(counts_P, rate_P)
    by_rollouts, by_prompts = effective_ratios(successes_P, counts_P)
    objective = float(knapsack_value(counts_P, rate_P).sum())
    uniform = float(knapsack_value(spec.budget_per_prompt, rate_P).sum())
    return {
        "ratio_rollouts": by_rollouts,
        "ratio_prompts": by_prompts,
        "objective": objective,
        "gain": objective / uniform - 1.0,
        "discoveries": float(((beliefs.successes_P == 0) & (successes_P > 0)).sum()),
    }


def _rng(spec: EstimationSpec, *parts: object) -> np.random.Generator:
    return np.random.default_rng(derive_seed(spec.seed, "estimation", *parts))
