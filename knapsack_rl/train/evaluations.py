"""Evaluation inside training: the trainer's own sampler, the one evaluation function, the same records.

Every evaluated step is a file of its own in the state folder, written whole and never changed by a later step. A run
that resumes before such a step evaluates it again, with the weights it then has.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from knapsack_rl.base.errors import StateError
from knapsack_rl.base.seeding import digest
from knapsack_rl.config import RunConfig, evaluation_hash
from knapsack_rl.records import (
    EVALS,
    ensure_writable,
    file_damage,
    read_table,
    sha256_of,
    table_of,
    write_sum,
    write_table,
)
from knapsack_rl.records.prompts import read_benchmarks
from knapsack_rl.scoring import score_benchmarks
from knapsack_rl.train.build import Parts


class Evaluations:
    """Evaluations of one run, kept apart by settings and problems: after a change of either none is there.

    Args:
        state: state folder of the run.
        config: the run.
        benchmarks_file: table of benchmark problems.
    """

    def __init__(self, state: Path, config: RunConfig, *, benchmarks_file: Path) -> None:
        self._config = config
        self._benchmarks = read_benchmarks(benchmarks_file)
        self._folder = state / "evals" / digest(evaluation_hash(config) + sha256_of(benchmarks_file))

    def has(self, step: int) -> bool:
        """Whether the step is recorded, and as it was written."""
        return self._file(step).is_file() and not any(file_damage(self._file(step)))

    def require(self, steps: Iterable[int], *, kept: Sequence[int]) -> None:
        """Make sure that every step passed is recorded, or that its weights are among the ``kept`` ones.

        Raises:
            StateError: neither, so it can never be evaluated.
        """
        for step in steps:
            if step not in kept and not self.has(step):
                raise StateError(
                    f"{self._folder}: step {step} was not evaluated with the present `evaluation` and its weights were"
                    " not kept; restore `evaluation`, or raise code_version to train again"
                )

    def evaluate(self, parts: Parts, step: int) -> float:
        """Evaluate the weights that the run's sampler holds, record and return the mean over benchmarks.

        Every rank must call it; rank 0 writes.
        """
        accuracies: dict[str, float] = {}
        rows = score_benchmarks(
            parts.sampler,
            parts.task,
            benchmarks=parts.task.reveal(self._benchmarks),
            settings=self._config.evaluation,
            prompts=parts.benchmark_prompts,
            on_benchmark=accuracies.__setitem__,
        )
        named = [{"run_id": self._config.run_id, "step": step, **row} for row in rows]
        if parts.ranks.rank == 0:
            ensure_writable(self._folder)
            write_table(self._file(step), table_of(named, EVALS))
            write_sum(self._file(step))
        return sum(accuracies.values()) / len(accuracies)

    def publish(self, path: Path, checkpoints: Iterable[int]) -> None:
        """Write the recorded ones of the ``checkpoints`` into one table, in order."""
        found = [read_table(self._file(step), EVALS) for step in checkpoints if self.has(step)]
        write_table(path, pa.concat_tables([EVALS.empty_table(), *found]))

    def _file(self, step: int) -> Path:
        return self._folder / f"step_{step:05d}.parquet"
