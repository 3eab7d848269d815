"""Per-sample facts of a run's checkpoints on the held-out benchmarks."""

from knapsack_rl.evaluate.run import evaluate

__all__ = ["evaluate"]
