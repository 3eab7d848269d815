"""How long the analysis of paper-size records takes: `python benchmarks/analysis.py [number of runs [folder]]`.

Generates runs of 1000 steps x 256 prompts (256,000 group rows) with 2 million evaluation rows each, and times
collecting them and every table; GiB are the peak memory of the analysis so far, for the records come from another
process. A folder that is named keeps the records for the next time. Random records: they have the size of real ones
and say nothing.
"""

import json
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa

from knapsack_rl.analysis.catalogue import TABLE_NAMES
from knapsack_rl.analysis.frames.study import load_analysis
from knapsack_rl.analysis.make import analyse, build_table
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.config import parse_run
from knapsack_rl.records import EVALS, GROUPS, STEPS, write_table

STEPS_PER_RUN, PROMPTS, BUDGET, EVERY = 1000, 256, 8, 20
BENCHMARKS, PROBLEMS, SAMPLES = 7, 350, 16
ARMS, MODELS = ("uniform", "knapsack"), ("1.5b", "4b_base", "4b_instruct", "7b")
"""As in config/paper.yaml, which has three seeds of each: 24 runs. More runs are more seeds."""


def main(num_runs: int, folder: Path) -> None:
    """Generate, collect, and compute every table; one line each."""
    paths = StudyPaths.of("paper", folder)
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        run_ids = sorted(pool.map(write_run, repeat(paths), range(num_runs)))
    started, cpu = time.perf_counter(), time.process_time()
    _timed(f"collect {num_runs} runs", lambda: analyse(paths.results, run_ids))
    frames = _timed("load the frames", lambda: load_analysis(paths.analysis))
    for name in TABLE_NAMES:
        _timed(f"table {name}", lambda name=name: build_table(name, frames))
    _line("everything", wall=time.perf_counter() - started, cpu=time.process_time() - cpu)


def _timed(what: str, work):  # noqa: ANN001, ANN202 - a clock around anything
    started, cpu = time.perf_counter(), time.process_time()
    result = work()
    _line(what, wall=time.perf_counter() - started, cpu=time.process_time() - cpu)
    return result


def _line(what: str, *, wall: float, cpu: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what:<28}{wall:8.2f} s wall {cpu:8.2f} s cpu {peak:6.2f} GiB", flush=True)


def write_run(paths: StudyPaths, place: int) -> str:
    """Random records of one run; returns its id."""
    seed, cell = divmod(place, len(MODELS) * len(ARMS))
    model, arm = MODELS[cell // len(ARMS)], ARMS[cell % len(ARMS)]
    run_id = f"{model}-{arm}-n{BUDGET}-s{seed}"
    config = {
        "run_id": run_id,
        "study": "paper",
        "code_version": 1,
        "model_name": model,
        "arm_name": arm,
        "budget": BUDGET,
        "seed": seed,
        "model": {"path": model},
        "arm": {"strategy": arm},
        "task": {"name": "math"},
        "train": {"steps": STEPS_PER_RUN, "prompts_per_step": PROMPTS},
        "evaluation": {"every": EVERY, "samples": SAMPLES},
    }
    run, rng = paths.run(run_id), np.random.default_rng(place)
    if run.evals.is_file():
        return run_id
    run.folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(parse_run(config, source="benchmark").model_dump(mode="json"))
    (run.folder / "config.json").write_text(text, encoding="utf-8")
    write_table(run.folder / "steps.parquet", _filled(STEPS, STEPS_PER_RUN, step=np.arange(1, STEPS_PER_RUN + 1)))
    write_table(run.folder / "groups.parquet", _groups(rng))
    run.evals.parent.mkdir(parents=True, exist_ok=True)
    write_table(run.evals, _evals(run_id, rng))
    return run_id


def _groups(rng: np.random.Generator) -> pa.Table:
    rows = STEPS_PER_RUN * PROMPTS
    counts = rng.integers(2, 2 * BUDGET - 1, rows)
    return _filled(
        GROUPS,
        rows,
        step=np.repeat(np.arange(1, STEPS_PER_RUN + 1), PROMPTS),
        prompt_id=[f"train-{place:05d}" for place in np.arange(rows) % 17_398],
        visit=np.arange(rows) // 17_398 + 1,
        p_belief=rng.random(rows),
        num_rollouts=counts,
        num_successes=rng.binomial(counts, rng.beta(0.4, 0.4, rows)),
    )


def _evals(run_id: str, rng: np.random.Generator) -> pa.Table:
    steps = np.arange(0, STEPS_PER_RUN + 1, EVERY)
    rows = steps.size * BENCHMARKS * PROBLEMS * SAMPLES
    problem = np.arange(rows) // SAMPLES % (BENCHMARKS * PROBLEMS)
    return _filled(
        EVALS,
        rows,
        run_id=[run_id] * rows,
        step=np.repeat(steps, BENCHMARKS * PROBLEMS * SAMPLES),
        benchmark=[f"b{place}" for place in problem // PROBLEMS],
        problem_id=[f"p{place}" for place in problem],
        sample=np.arange(rows) % SAMPLES,
        reward=rng.integers(0, 2, rows),
    )


def _filled(schema: pa.Schema, rows: int, **known: object) -> pa.Table:
    """Columns that are given, and ones or empty texts for the rest."""
    columns = {
        field.name: known.get(field.name, [""] * rows if pa.types.is_string(field.type) else np.ones(rows))
        for field in schema
    }
    arrays = [pa.array(columns[field.name]).cast(field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    if len(sys.argv) > 2:
        main(count, Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(count, Path(temporary))
