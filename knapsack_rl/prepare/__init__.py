"""Floor 3: write a study's problem sets as tables."""

from pathlib import Path

from knapsack_rl.config import TaskConfig
from knapsack_rl.records.prompts import write_benchmarks, write_train_prompts
from knapsack_rl.tasks import build_task


def prepare(config: TaskConfig, *, train_prompts: Path, benchmarks: Path) -> None:
    """Write training problems and benchmarks of the task.

    Raises:
        ConfigError: unknown task or option.
        OutputError: a folder that cannot be written.
    """
    task = build_task(config.name, config.options, seed=config.seed)
    write_train_prompts(train_prompts, task.train_prompts())
    write_benchmarks(benchmarks, task.benchmarks())
