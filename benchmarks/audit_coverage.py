"""How often the intervals of `knapsack-rl audit` hold the truth: `python benchmarks/audit_coverage.py [LOGS]`.

Logs of uniform training are simulated with known, moving success rates; the truth is the gain at those rates of the
counts that a strategy would have given. With 400 logs of each kind the share is known to about 1 point.
"""

import sys
from collections.abc import Iterator

import numpy as np

from knapsack_rl.simulation import POOLS, Drift
from knapsack_rl.simulation.rollout_log import LogSpec, audited_gain, simulate_log

FAST = Drift(own=1.0, shared=1.5)
KINDS: dict[str, LogSpec] = {
    "hard pool": LogSpec(pool=POOLS["hard"]),
    "middle pool, rates that stand still": LogSpec(pool=POOLS["middle"], drift=Drift(own=0.0, shared=0.0)),
    "middle pool, fast drift": LogSpec(pool=POOLS["middle"], drift=FAST),
    "late pool, groups of 4": LogSpec(pool=POOLS["late"], rollouts=4),
    "hard pool, groups of 16": LogSpec(pool=POOLS["hard"], rollouts=16),
    "small log: 24 steps of 32": LogSpec(pool=POOLS["hard"], num_prompts=128, batch=32, epochs=6),
    "large log: 128 steps of 256": LogSpec(pool=POOLS["hard"], num_prompts=4096, batch=256),
    "large log, fast drift": LogSpec(pool=POOLS["middle"], num_prompts=4096, batch=256, drift=FAST),
}
STRATEGIES = ("knapsack", "knapsack_posterior")


def coverage(spec: LogSpec, *, num: int) -> Iterator[tuple[str, str, float, float, float, float]]:
    """Per strategy and measure: mean truth, mean error, mean half-width and share of intervals with the truth."""
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for seed in range(num):
        log = simulate_log(LogSpec(**{**{name: getattr(spec, name) for name in spec.__slots__}, "seed": seed}))
        for strategy in STRATEGIES:
            for measure, (truth, estimate) in audited_gain(log, strategy).items():
                half = (estimate.high - estimate.low) / 2
                found.setdefault((strategy, measure), []).append((truth, estimate.value, half))
    for (strategy, measure), rows in found.items():
        truth, value, half = np.array(rows).T
        held = float((np.abs(value - truth) <= half).mean())
        yield strategy, measure, float(truth.mean()), float((value - truth).mean()), float(half.mean()), held


def main() -> None:
    """Print the table of docs/audit.md."""
    num = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print(f"| {num} logs each | strategy | gain of | truth | bias | half-width | holds |")
    print("|---|---|---|--:|--:|--:|--:|")
    for name, spec in KINDS.items():
        logs = num // 4 if name.startswith("large") else num
        for strategy, measure, truth, bias, half, held in coverage(spec, num=logs):
            shown = " | ".join(f"{100 * each:+.2f}" for each in (truth, bias))
            print(f"| {name} | {strategy} | {measure} | {shown} | {100 * half:.2f} | {held:.3f} |")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
