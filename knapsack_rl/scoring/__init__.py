"""Samples of benchmark problems, judged. Below the programs, so that the trainer may evaluate too."""

from knapsack_rl.scoring.benchmark import BenchmarkPrompts, benchmark_prompts, score_benchmark, score_benchmarks

__all__ = ["BenchmarkPrompts", "benchmark_prompts", "score_benchmark", "score_benchmarks"]
