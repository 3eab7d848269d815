"""Options of mental arithmetic, checked."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.tasks.grading import build_grader
from knapsack_rl.tasks.mental_levels import LEVELS
from knapsack_rl.tasks.options import TaskOptions, read_options


class MentalOptions(TaskOptions):
    """Options under `task.options`."""

    train: dict[str, int] = Field(min_length=1)
    """Training problems of each level: the difficulty of the pool."""
    benchmarks: dict[str, int] = Field(min_length=1)
    """Held-out problems of each level; every level is a benchmark."""
    grader: str = "number"


def check_options(options: Mapping[str, Any]) -> MentalOptions:
    """Typed options.

    Raises:
        ConfigError: unknown option, level or grader, a bad value, or more problems than a level has; one line.
    """
    checked = read_options(MentalOptions, options)
    for key in ("train", "benchmarks"):
        for level, count in getattr(checked, key).items():
            _check_count(f"task.options.{key}.{level}", level, count=count)
    for level in checked.train:
        _check_sum(level, checked)
    try:
        build_grader(checked.grader)
    except ConfigError as error:
        raise ConfigError(f"task.options.grader: {error}") from None
    return checked


def _check_count(key: str, level: str, *, count: int) -> None:
    if level not in LEVELS:
        raise ConfigError(f"{key}: unknown level {level!r}; use one of {', '.join(LEVELS)}")
    most = len(LEVELS[level].problems())
    if not 1 <= count <= most:
        raise ConfigError(f"{key}: {count} problems; the level has {most}, so give 1 to {most}, or leave it out")


def _check_sum(level: str, options: MentalOptions) -> None:
    most = len(LEVELS[level].problems())
    both = options.train[level] + options.benchmarks.get(level, 0)
    if both > most:
        raise ConfigError(
            f"task.options.train.{level}: {both} problems with the benchmark's, but the level has {most}, and the two"
            " sets share none; lower one"
        )
