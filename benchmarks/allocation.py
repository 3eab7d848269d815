"""Time the allocation rules and compare the exact solver with a dynamic program and an evolutionary heuristic.

Run ``python benchmarks/allocation.py``; it prints two Markdown tables in a minute or so. ``--output FILE`` writes them
to a file as well. Times are CPU seconds of one process, medians over repeats, so that a busy machine matters little.
"""

import argparse
import platform
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy
from scipy.optimize import differential_evolution

from knapsack_rl.allocation import allocate, solve
from knapsack_rl.allocation.tokens import TokenProblem, solve_tokens
from knapsack_rl.allocation.value import expected_knapsack_increment, knapsack_increment, knapsack_value
from knapsack_rl.beliefs import BeliefArrays

LOW, HIGH, SHARE = 2, 128, 8
Rates = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of the first table."""

    what: str
    num_prompts: int
    run: Callable[[], object]
    target_s: float | None = None


def exact(p_P: Rates, total: int) -> Counts:
    """The package's solver, every prompt its own kind."""
    return solve(
        lambda kind_M, n_M: knapsack_increment(n_M, p_P[kind_M]),
        low_P=np.full(len(p_P), LOW),
        high_P=HIGH,
        total=total,
    )


def dynamic_program(p_P: Rates, total: int) -> Counts:
    """Textbook recursion over prompts and rollouts spent; O(P budget range) time, O(P budget) memory."""
    extra, most = total - LOW * len(p_P), HIGH - LOW
    best = np.full(extra + 1, -np.inf)
    best[0] = 0.0
    choice = np.zeros((len(p_P), extra + 1), dtype=np.int16)
    for i, p in enumerate(p_P):
        value_N = knapsack_value(np.arange(LOW, HIGH + 1), p)
        following = best + value_N[0]
        for k in range(1, min(most, extra) + 1):
            candidate = best[:-k] + value_N[k]
            better = candidate > following[k:]
            following[k:][better] = candidate[better]
            choice[i, k:][better] = k
        best = following
    counts_P, left = np.full(len(p_P), LOW), extra
    for i in range(len(p_P) - 1, -1, -1):
        counts_P[i] += choice[i, left]
        left -= int(choice[i, left])
    return counts_P


def decode(keys_PS: Rates, total: int) -> Counts:
    """Counts from real-valued genes: shares of the rollouts above the lower bound, rounded by largest remainder."""
    extra = total - LOW * len(keys_PS)
    share_PS = keys_PS / np.maximum(keys_PS.sum(axis=0), 1e-12) * extra
    whole_PS = np.minimum(np.floor(share_PS), HIGH - LOW).astype(np.int64)
    left_S = extra - whole_PS.sum(axis=0)
    order_PS = np.argsort(np.argsort(-(share_PS - whole_PS), axis=0), axis=0)
    return LOW + np.minimum(whole_PS + (order_PS < left_S), HIGH - LOW)


def evolution(p_P: Rates, total: int, *, generations: int) -> Counts:
    """Differential evolution of scipy over random keys, whole populations at a time, seeded."""
    answer = differential_evolution(
        lambda keys_PS: -knapsack_value(decode(keys_PS, total), p_P[:, None]).sum(axis=0),
        bounds=[(0.0, 1.0)] * len(p_P),
        maxiter=generations,
        popsize=2,
        tol=0.0,
        vectorized=True,
        updating="deferred",
        polish=False,
        rng=0,
    )
    return decode(answer.x[:, None], total)[:, 0]


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
    """The second table: the same problem by three methods."""
    lines = ["| prompts x 8 | method | time | lost share of the value gained over uniform |", "|---|---|---|---|"]
    for num_prompts in (64, 256):
        p_P, total = rng.random(num_prompts), SHARE * num_prompts
        uniform = knapsack_value(np.full(num_prompts, SHARE), p_P).sum()
        best = knapsack_value(exact(p_P, total), p_P).sum()
        for name, method in (
            ("exact solver", exact),
            ("dynamic program", dynamic_program),
            (
                f"differential evolution, {generations} generations",
                lambda p, t: evolution(p, t, generations=generations),
            ),
        ):
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
    parser.add_argument("--generations", type=int, default=1000, help="of the evolutionary heuristic")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}"
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
