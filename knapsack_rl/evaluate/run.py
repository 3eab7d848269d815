"""Walk the checkpoints of one run over all benchmarks."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import RunPaths
from knapsack_rl.config import RunConfig, evaluation_hash, parse_run
from knapsack_rl.evaluate.base_model import BaseModelEvaluations
from knapsack_rl.evaluate.checkpoints import Checkpoints
from knapsack_rl.progress import Progress
from knapsack_rl.records import EVALS, PROBES, STEPS, ensure_writable, read_table, table_of, write_sum, write_table
from knapsack_rl.records.prompts import read_benchmarks, read_train_prompts
from knapsack_rl.records.writers import command_for
from knapsack_rl.scoring import score_benchmarks
from knapsack_rl.scoring.probe import probe_rows, probed_prompts, probed_steps
from knapsack_rl.tasks import Task, build_task


def evaluate(config: RunConfig, *, paths: RunPaths, benchmarks_file: Path, prompts_file: Path) -> None:
    """Write ``evals/<run>.parquet``: one row per checkpoint, benchmark problem and sample; and the probe beside it.

    Steps that were evaluated while training are taken over; only what is missing is sampled, from kept weights.
    ``probes/<run>.parquet`` holds the same of a fixed sample of training problems, at the first and last checkpoint;
    it has no rows, and ``prompts_file`` is not read, unless the configuration asks for a probe.

    Raises:
        InputError: a checkpoint or the benchmark table is missing or damaged.
    """
    ensure_writable(paths.evals.parent)
    ensure_writable(paths.probe.parent)
    task = build_task(config.task.name, config.task.options, seed=config.task.seed)
    checkpoints = Checkpoints(config, paths)
    last = _last_step(config, paths)
    steps = config.checkpoints_to(last)
    done = _inside_training(config, paths)
    missing = [step for step in steps if step not in done]
    done |= _score(config, checkpoints, task=task, benchmarks_file=benchmarks_file, missing=missing)
    write_table(paths.probe, _probe(config, checkpoints, task=task, prompts_file=prompts_file, last=last))
    write_sum(paths.probe)
    task.close()
    write_table(paths.evals, pa.concat_tables(done[step] for step in steps))
    write_sum(paths.evals)


def _last_step(config: RunConfig, paths: RunPaths) -> int:
    """The run's last step: `train.steps`, or where its records end if a budget ends it."""
    if config.train.stop is None:
        return config.train.steps
    return int(pc.max(read_table(paths.steps, STEPS)["step"]).as_py())


def _inside_training(config: RunConfig, paths: RunPaths) -> dict[int, pa.Table]:
    """Rows by step of what the trainer has evaluated already.

    Raises:
        InputError: the run is not trained, or with other settings of the evaluation.
    """
    if not config.evaluation.inside_training:
        return {}
    path = paths.config
    if not path.is_file():
        raise InputError(f"{path}: no such file; train this run first with: {command_for(path)}")
    trained = parse_run(path.read_text(encoding="utf-8"), source=str(path))
    if evaluation_hash(trained) != evaluation_hash(config):
        raise InputError(
            f"{paths.folder}: was evaluated while training, with another `evaluation`; run `train` of this run again"
            " (it trains no step twice)"
        )
    rows = read_table(paths.inside_evals, EVALS)
    steps = rows["step"].unique().to_pylist()
    return {step: rows.filter(pc.equal(rows["step"], step)) for step in steps}


def _score(
    config: RunConfig, checkpoints: Checkpoints, *, task: Task, benchmarks_file: Path, missing: Sequence[int]
) -> dict[int, pa.Table]:
    """Rows by step of the ``missing`` checkpoints; those of the base model are shared between runs."""
    benchmarks = task.reveal(read_benchmarks(benchmarks_file)) if missing else {}
    base = BaseModelEvaluations(config, checkpoints.paths)
    found: dict[int, pa.Table] = {}
    with Progress(f"evaluate {config.run_id}", total=len(missing) * len(benchmarks)) as progress:

        def rows(step: int) -> list[dict[str, Any]]:
            scored = score_benchmarks(
                checkpoints.sampler(step),
                task,
                benchmarks=benchmarks,
                settings=config.evaluation,
                prompts=checkpoints.benchmark_prompts(step),
                on_benchmark=_show(progress, step),
            )
            return [{"run_id": config.run_id, "step": step, **row} for row in scored]

        for step in missing:
            make = partial(rows, step)
            found[step] = base.rows(EVALS, benchmarks_file, make=make) if step == 0 else table_of(make(), EVALS)
    return found


def _probe(config: RunConfig, checkpoints: Checkpoints, *, task: Task, prompts_file: Path, last: int) -> pa.Table:
    """Rows of the fixed sample of training problems; those of the base model are shared between runs."""
    steps = probed_steps(config, last=last)
    if not steps:
        return PROBES.empty_table()
    prompts = probed_prompts(read_train_prompts(prompts_file), config=config)
    base = BaseModelEvaluations(config, checkpoints.paths)

    def rows(step: int) -> Iterator[dict[str, Any]]:
        return probe_rows(checkpoints.sampler(step), task, prompts=prompts, config=config, step=step)

    # The last checkpoint first: its weights have just been evaluated.
    tables = {step: table_of(rows(step), PROBES) for step in reversed(steps) if step}
    tables |= {0: base.rows(PROBES, prompts_file, make=partial(rows, 0))}
    return pa.concat_tables(tables[step] for step in steps)


def _show(progress: Progress, step: int) -> Callable[[str, float], None]:
    def show(name: str, accuracy: float) -> None:
        progress.advance(checkpoint=str(step), benchmark=name, accuracy=f"{accuracy:.3f}")

    return show
