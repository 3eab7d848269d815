"""Time the allocation rules and compare the exact solver with other exact methods and a genetic algorithm.

Run ``python benchmarks/allocation.py``; it prints two Markdown tables in a few minutes. ``--output FILE`` writes them
to a file as well. Times are CPU seconds of one process, medians over repeats, so that a busy machine matters little.
"""

import argparse
import platform
import random
import time
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from deap import algorithms, base, tools
from exact_methods import HIGH, LOW, SHARE, Counts, Rates, exact, exact_methods

from knapsack_rl.allocation import allocate, solve
from knapsack_rl.allocation.tokens import TokenProblem, solve_tokens
from knapsack_rl.allocation.value import expected_knapsack_increment, knapsack_increment, knapsack_value
from knapsack_rl.beliefs import BeliefArrays

POPULATION = 100


class Fitness(base.Fitness):
    """One value, the larger the better."""

    weights = (1.0,)


class Individual(list[int]):
    """Counts as DEAP wants them."""

    def __init__(self, counts: Iterable[int]) -> None:
        """Start unjudged."""
        super().__init__(counts)
        self.fitness = Fitness()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of the first table."""

    what: str
    num_prompts: int
    run: Callable[[], object]
    target_s: float | None = None


def repair(counts_P: Counts, total: int, *, rng: np.random.Generator) -> Counts:
    """The counts cut to the bounds, with rollouts added or taken at random until they sum to the total."""
    counts_P = np.clip(counts_P, LOW, HIGH)
    while (missing := total - int(counts_P.sum())) != 0:
        open_P = np.flatnonzero(counts_P < HIGH) if missing > 0 else np.flatnonzero(counts_P > LOW)
        chosen = rng.choice(open_P, size=min(abs(missing), len(open_P)), replace=False)
        counts_P[chosen] += np.sign(missing)
    return counts_P


def genetic(p_P: Rates, total: int, *, generations: int) -> Counts:
    """A genetic algorithm of DEAP over vectors of counts: tournaments, uniform crossover, moved rollouts, repair.

    It starts from equal counts and random ones, and keeps the best it has seen. Seeded.
    """
    rng, values_PN = np.random.default_rng(0), knapsack_value(np.arange(HIGH + 1), p_P[:, None])
    random.seed(0)  # DEAP draws from the global generator
    everyone = np.arange(len(p_P))

    def move(counts: list[int]) -> tuple[list[int]]:
        """Some rollouts go from some prompts to others."""
        for _ in range(rng.integers(1, 4)):
            taker, giver = rng.choice(len(counts), 2, replace=False).tolist()
            units = int(min(rng.integers(1, 5), counts[giver] - LOW, HIGH - counts[taker]))
            counts[giver], counts[taker] = counts[giver] - units, counts[taker] + units
        return (counts,)

    def cross(first: list[int], second: list[int]) -> tuple[list[int], list[int]]:
        """Uniform crossover, both children repaired."""
        tools.cxUniform(first, second, 0.5)
        for child in (first, second):
            child[:] = repair(np.array(child), total, rng=rng).tolist()
        return first, second

    toolbox = base.Toolbox()
    toolbox.register("evaluate", lambda counts: (float(values_PN[everyone, counts].sum()),))
    toolbox.register("mate", cross)
    toolbox.register("mutate", move)
    toolbox.register("select", tools.selTournament, tournsize=3)
    start = [np.full(len(p_P), total // len(p_P)), *rng.integers(LOW, 2 * SHARE, (POPULATION - 1, len(p_P)))]
    population = [Individual(repair(counts_P, total, rng=rng).tolist()) for counts_P in start]
    best = tools.HallOfFame(1)
    algorithms.eaSimple(population, toolbox, 0.5, 0.5, generations, halloffame=best, verbose=False)
    return np.array(best[0])


def beta_beliefs(rng: np.random.Generator, num_prompts: int) -> BeliefArrays:
    """Distinct posteriors."""
    a_P, b_P, nan_P = *rng.uniform(0.5, 9.0, (2, num_prompts)), np.full(num_prompts, np.nan)
    return BeliefArrays(rate_P=a_P / (a_P + b_P), successes_P=nan_P, draws_P=nan_P, a_P=a_P, b_P=b_P)


def rule(strategy: str, beliefs: BeliefArrays) -> Callable[[], Counts]:
    """A call of the front door."""
    return lambda: allocate(strategy, beliefs, total=SHARE * len(beliefs), bounds=(LOW, HIGH))


def cases(rng: np.random.Generator) -> list[Case]:
    """The instances of the first table."""
    sixteenths, distinct = rng.integers(1, 16, 256) / 16, rng.random(256)
    posteriors = beta_beliefs(rng, 256)
    a_P, b_P = posteriors.a_P, posteriors.b_P
    tokens = TokenProblem(
        increment=lambda i_M, n_M: expected_knapsack_increment(n_M, a=a_P[i_M], b=b_P[i_M]),
        low=LOW,
        high=HIGH,
        cost_P=(cost_P := rng.uniform(100.0, 4000.0, 256)),
        budget=SHARE * float(cost_P.sum()),
    )
    million, rates_K, kind_P = 10**6, rng.random(1000), rng.integers(0, 1000, 10**6)
    big_P = rng.random(million)
    grouped = {"low_P": LOW, "high_P": HIGH, "total": SHARE * million, "kind_P": kind_P}
    return [
        Case(
            what="`knapsack`, rates k/16",
            num_prompts=256,
            run=rule("knapsack", BeliefArrays.of(sixteenths)),
            target_s=1e-3,
        ),
        Case(
            what="`knapsack`, distinct rates",
            num_prompts=256,
            run=rule("knapsack", BeliefArrays.of(distinct)),
            target_s=2e-3,
        ),
        Case(
            what="`knapsack_posterior`, distinct beliefs",
            num_prompts=256,
            run=rule("knapsack_posterior", posteriors),
            target_s=5e-3,
        ),
        Case(
            what="per token, distinct beliefs and costs",
            num_prompts=256,
            run=lambda: solve_tokens(tokens, rng=np.random.default_rng(0)),
        ),
        Case(
            what="solver, 1,000 distinct rates",
            num_prompts=million,
            run=lambda: solve(lambda k_M, n_M: knapsack_increment(n_M, rates_K[k_M]), **grouped),
            target_s=0.3,
        ),
        Case(
            what="`knapsack_greedy`, 1,000 distinct rates",
            num_prompts=million,
            run=rule("knapsack_greedy", BeliefArrays.of(rates_K[kind_P])),
        ),
        Case(what="solver, all distinct", num_prompts=100_000, run=lambda: exact(big_P[:100_000], SHARE * 100_000)),
        Case(what="solver, all distinct", num_prompts=million, run=lambda: exact(big_P, SHARE * million), target_s=1.0),
    ]


def median_s(run: Callable[[], object], *, repeats: int) -> float:
    """Median CPU seconds, after one call to warm up."""
    run()
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds))


def peak_mib(run: Callable[[], object]) -> float:
    """Most memory allocated at once during a call."""
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def timings(rng: np.random.Generator) -> list[str]:
    """The first table."""
    lines = ["| what | prompts x 8 | median | target | peak memory |", "|---|---|---|---|---|"]
    for case in cases(rng):
        seconds = median_s(case.run, repeats=50 if case.num_prompts < 1000 else 5)
        target = f"{case.target_s * 1e3:g} ms" if case.target_s else "-"
        memory = f"{peak_mib(case.run):.1f} MiB"
        lines.append(f"| {case.what} | {case.num_prompts:,} | {seconds * 1e3:.2f} ms | {target} | {memory} |")
    return lines


def comparison(rng: np.random.Generator, *, generations: int) -> list[str]:
    """The second table: the same problem by exact methods and a heuristic."""
    lines = ["| prompts x 8 | method | time | lost share of the value gained over uniform |", "|---|---|---|---|"]
    for num_prompts in (64, 256, 1024):
        p_P, total = rng.random(num_prompts), SHARE * num_prompts
        uniform = knapsack_value(np.full(num_prompts, SHARE), p_P).sum()
        best = knapsack_value(exact(p_P, total), p_P).sum()
        heuristic = f"genetic algorithm (DEAP), {generations:,} generations of {POPULATION}"
        methods = exact_methods() | {heuristic: lambda p, t: genetic(p, t, generations=generations)}
        for name, method in methods.items():
            if name != heuristic:
                method(p_P[:2], 2 * SHARE)  # imports are not timed
            start = time.process_time()
            counts_P = method(p_P, total)
            seconds = time.process_time() - start
            lost = (best - knapsack_value(counts_P, p_P).sum()) / (best - uniform)
            lines.append(f"| {num_prompts} | {name} | {seconds:.4f} s | {max(lost, 0.0):.2%} |")
    return lines


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, help="also write the tables to this file")
    parser.add_argument("--generations", type=int, default=1000, help="of the genetic algorithm")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    versions = ", ".join(
        [
            f"Python {platform.python_version()}",
            *(f"{name} {version(name)}" for name in ("numpy", "scipy", "deap", "ortools") if find_spec(name)),
        ]
    )
    text = "\n".join(
        [
            "# Allocation benchmarks",
            "",
            "Written by `python benchmarks/allocation.py --output docs/benchmarks_allocation.md`.",
            f"CPU time of one process on {platform.machine()}, {versions}.",
            "Bounds 2 to 128 everywhere. Memory is what numpy and Python allocate during one call, input excluded.",
            "",
            *timings(rng),
            "",
            "The linear programs have a variable per prompt and further rollout; building them is part of their time.",
            "OR-Tools is no requirement (it wants an older protobuf than the lock has) and is left out where missing.",
            "A genetic algorithm is the heuristic that large instances are often given; its gap grows with their size.",
            "A loss above 100 % is worse than uniform.",
            "",
            *comparison(rng, generations=options.generations),
            "",
        ]
    )
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
