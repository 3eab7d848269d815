"""Walk the checkpoints of one run over all benchmarks."""

from pathlib import Path
from typing import Any

from knapsack_rl.base.layout import RunPaths
from knapsack_rl.config import RunConfig
from knapsack_rl.evaluate.scoring import score_benchmark
from knapsack_rl.progress import Progress
from knapsack_rl.records import EVALS, ensure_writable, table_of, write_table
from knapsack_rl.records.prompts import read_benchmarks
from knapsack_rl.sampler import Sampler
from knapsack_rl.tasks import build_task


def evaluate(config: RunConfig, *, paths: RunPaths, benchmarks_file: Path) -> None:
    """Write ``evals/<run>.parquet``: one row per checkpoint, benchmark problem and sample.

    Raises:
        InputError: a checkpoint or the benchmark table is missing or damaged.
    """
    ensure_writable(paths.evals.parent)
    benchmarks = read_benchmarks(benchmarks_file)
    task = build_task(config.task.name, config.task.options, seed=config.task.seed)
    settings = config.evaluation
    rows: list[dict[str, Any]] = []
    with Progress(f"evaluate {config.run_id}", total=len(config.checkpoints) * len(benchmarks)) as progress:
        for step in config.checkpoints:
            sampler = _sampler(config, paths.weights(step))
            for name, problems in benchmarks.items():
                scored = score_benchmark(sampler, task, problems=problems, samples=settings.samples, seed=settings.seed)
                new = [{"run_id": config.run_id, "step": step, "benchmark": name, **row} for row in scored]
                rows += new
                progress.advance(checkpoint=str(step), benchmark=name, accuracy=f"{_mean_reward(new):.3f}")
    write_table(paths.evals, table_of(rows, EVALS))


def _sampler(config: RunConfig, weights: Path) -> Sampler:
    from knapsack_rl.models import load_model, load_tokenizer
    from knapsack_rl.sampler.hf_engine import HFSampler, SamplingOptions

    options = SamplingOptions(
        temperature=config.evaluation.temperature, max_response_tokens=config.evaluation.max_response_tokens
    )
    return HFSampler(load_model(weights), load_tokenizer(weights), options=options)


def _mean_reward(rows: list[dict[str, Any]]) -> float:
    return sum(row["reward"] for row in rows) / max(1, len(rows))
