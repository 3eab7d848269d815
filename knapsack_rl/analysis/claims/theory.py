"""Measures that need no run: what follows from the formulas, and a simulation of theorem 1.

Each takes its formula as an argument, so that a wrong one can be shown to be found out.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from knapsack_rl.allocation.theorem import expected_first, simulate_first, sufficient_rollouts
from knapsack_rl.allocation.value import knapsack_increment, knapsack_value
from knapsack_rl.analysis.claims.evidence import Exact, Finding, Sample, many
from knapsack_rl.analysis.claims.subject import Subject
from knapsack_rl.base.seeding import derive_seed

OfRollouts = Callable[[Any, Any], Any]
"""Rollouts and success rates to values, as arrays."""

OfRate = Callable[[float], Any]

RATES = (0.5, 0.25, 0.125, 0.0625, 0.05, 0.02, 0.01)
"""Success rates of theorem 1's table."""

EXAMPLE_RATE, EXAMPLE_ROLLOUTS = 0.01, 229
"""The paper's example: rollouts for a non-zero gradient with probability 0.9."""

NUM_BATCHES, BATCH = 30, 20_000
"""Independent batches of simulated trials: their means are the replicates."""

BUDGETS = (4, 8, 16, 32, 64, 128)


def peak_of_value(_: Subject, *, value: OfRollouts = knapsack_value) -> Finding:
    """Success rate at which the value of N rollouts is highest, the largest over common budgets N."""
    rates = np.linspace(0.001, 0.999, 999)
    peaks = [float(rates[np.argmax(value(n, rates))]) for n in BUDGETS]
    return Exact(max(peaks))


def curvature_of_value(_: Subject, *, increment: OfRollouts = knapsack_increment) -> Finding:
    """Largest change from one marginal value to the next, relative to the first, over rates and N = 1..127."""
    rates = np.linspace(0.01, 0.99, 99)[:, None]
    marginal = increment(np.arange(1, max(BUDGETS) + 1), rates)
    return Exact(float((np.diff(marginal, axis=1) / marginal[:, :-1]).max()))


def first_gradient(_: Subject, *, formula: OfRate = expected_first) -> Finding:
    """Simulated mean rollouts until both outcomes over the formula's, minus one, per success rate; about all rates."""
    return many(_simulated(formula), quantifier="every")


@cache
def _simulated(formula: OfRate) -> tuple[Sample, ...]:
    samples = []
    for p in RATES:
        rng = np.random.default_rng(derive_seed(0, "first", p))
        trials = simulate_first(p, num_trials=NUM_BATCHES * BATCH, rng=rng).reshape(NUM_BATCHES, BATCH)
        error = np.abs(trials.mean(axis=1) / float(formula(p)) - 1)
        samples.append(Sample(values_S=error, num_runs=0, label=f"p = {p:g}"))
    return tuple(samples)


def sufficient_error(_: Subject, *, sufficient: OfRate = sufficient_rollouts) -> Finding:
    """Fewest rollouts that suffice at p = 0.01, over the paper's 229, minus one."""
    return Exact(float(abs(sufficient(EXAMPLE_RATE) / EXAMPLE_ROLLOUTS - 1)))
