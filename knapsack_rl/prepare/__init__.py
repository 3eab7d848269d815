"""Write a study's problem sets as tables; fetch models from the hub."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from knapsack_rl.base.layout import ProblemPaths
from knapsack_rl.config import TaskConfig
from knapsack_rl.records import PREPARATION, destination, ensure_writable, table_of, write_table
from knapsack_rl.records.prompts import write_benchmarks, write_train_prompts
from knapsack_rl.tasks import build_task


def prepare(config: TaskConfig, output: ProblemPaths) -> None:
    """Write training problems, benchmarks (with what overlaps training), and the counts of every filter.

    Raises:
        ConfigError: unknown task or option.
        InputError: a data set or tokenizer that cannot be had, or a filter that leaves nothing.
        OutputError: a folder that cannot be written, or an output that is no file.
    """
    task = build_task(config.name, config.options, seed=config.seed)
    for path in output.all:
        ensure_writable(destination(path).parent)
    prepared = task.preparation(open_tokenizer)
    write_train_prompts(output.train, prepared.train)
    write_benchmarks(output.benchmarks, prepared.benchmarks, overlaps=prepared.overlaps)
    write_table(output.preparation, table_of([asdict(count) for count in prepared.counts], PREPARATION))


def open_tokenizer(place: str, revision: str | None) -> Callable[[str], int]:
    """Counter of a text's tokens by the tokenizer in a folder, or of a model on the hub at a revision.

    Raises:
        InputError: it cannot be had.
    """
    from knapsack_rl.models import load_tokenizer
    from knapsack_rl.prepare.fetch import fetch_tokenizer

    tokenizer = load_tokenizer(Path(place) if revision is None else fetch_tokenizer(place, revision))
    return lambda text: len(tokenizer(text)["input_ids"])
