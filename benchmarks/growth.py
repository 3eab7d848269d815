"""How processor seconds grow: `python benchmarks/growth.py --size full`.

Four series, each with the exponent that fits it (1: twice as much takes twice as long): a training step against
rollouts per prompt and against the model's parameters, a run against its steps, and collecting and analysing against
the number of runs. Writes a table (Markdown, CSV) and a figure. `--size smoke` checks in a minute that it works.
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from analysis import write_run

from knapsack_rl.analysis.catalogue import TABLE_NAMES
from knapsack_rl.analysis.frames.study import load_analysis
from knapsack_rl.analysis.make import analyse, build_table
from knapsack_rl.base.layout import ProblemPaths, StudyPaths
from knapsack_rl.config import RunConfig, parse_study
from knapsack_rl.prepare import prepare
from knapsack_rl.pretrain import pretrain
from knapsack_rl.study import expand
from knapsack_rl.train.build import build_parts
from knapsack_rl.train.step import run_step

ROOT = Path(__file__).parents[1]
WARM_UP = 1
"""Steps that are not timed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What is swept."""

    budgets: tuple[int, ...]
    hidden: tuple[int, ...]
    steps: int
    runs: tuple[int, ...]
    prompts: int
    pretrain_steps: int


SIZES = {
    "smoke": Size(budgets=(2, 4, 8), hidden=(32, 64), steps=4, runs=(1, 2), prompts=8, pretrain_steps=5),
    "full": Size(
        budgets=(2, 4, 8, 16),
        hidden=(48, 96, 192, 384),
        steps=24,
        runs=(1, 2, 4, 8, 16),
        prompts=64,
        pretrain_steps=100,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One curve."""

    name: str
    unit: str
    x: list[float]
    seconds: list[float]

    @property
    def exponent(self) -> float:
        """Slope of a straight line through the logarithms."""
        return float(np.polyfit(np.log(self.x), np.log(self.seconds), 1)[0])


def run_of(size: Size, *, hidden: int, budget: int, steps: int) -> RunConfig:
    """A run of the arithmetic task."""
    few = {"steps": size.pretrain_steps, "batch_size": 64, "demonstrations": 5000, "warmup_steps": 5}
    study = {
        "name": "growth",
        "task": {"name": "arithmetic", "options": {"num_train": 2 * size.prompts, "num_per_benchmark": 2}},
        "models": {"m": {"build": {"hidden_size": hidden, "num_layers": 3, "pretrain": few}}},
        "arms": {"knapsack": {"strategy": "knapsack", "belief": "newest16", "options": {"fallback": True}}},
        "grid": {"models": ["m"], "arms": ["knapsack"], "budgets": [budget], "seeds": [0]},
        "train": {"steps": steps, "prompts_per_step": size.prompts, "micro_batch_tokens": 2048},
        "learner": {"device": "cpu"},
        "tracking": {"live": False},
    }
    (config,) = expand(parse_study(study, source="growth")).values()
    return config


def step_seconds(config: RunConfig, folder: Path) -> tuple[list[float], int]:
    """Processor seconds of every step after the warm-up, and the model's parameters."""
    problems, model = ProblemPaths(folder), folder / f"model-{config.model.build.hidden_size}"
    prepare(config.task, problems)
    if not model.is_dir():
        pretrain(config.task, config.model.build, output=model)
    parts = build_parts(config, prompts_file=problems.train, model_folder=model)
    seconds = []
    for step in range(1, config.train.steps + 1):
        start = time.process_time()
        run_step(parts, step)
        seconds.append(time.process_time() - start)
    return seconds[WARM_UP:], sum(each.numel() for each in parts.learner.weights().values())


def of_rollouts(size: Size, folder: Path) -> Series:
    """A step against rollouts per prompt."""
    hidden = size.hidden[min(1, len(size.hidden) - 1)]
    runs = [run_of(size, hidden=hidden, budget=budget, steps=WARM_UP + 3) for budget in size.budgets]
    seconds = [float(np.median(step_seconds(run, folder)[0])) for run in runs]
    return Series(name="a step", unit="rollouts per prompt", x=list(map(float, size.budgets)), seconds=seconds)


def of_parameters(size: Size, folder: Path) -> Series:
    """A step against the model's size."""
    found = [step_seconds(run_of(size, hidden=hidden, budget=4, steps=WARM_UP + 3), folder) for hidden in size.hidden]
    seconds = [float(np.median(steps)) for steps, _ in found]
    return Series(name="a step", unit="parameters", x=[float(number) for _, number in found], seconds=seconds)


def of_steps(size: Size, folder: Path) -> Series:
    """A run so far against its steps."""
    steps, _ = step_seconds(run_of(size, hidden=size.hidden[0], budget=4, steps=WARM_UP + size.steps), folder)
    so_far = np.cumsum(steps)
    return Series(name="a run", unit="steps", x=list(map(float, range(1, len(steps) + 1))), seconds=so_far.tolist())


def of_runs(size: Size, folder: Path) -> Series:
    """Collecting paper-size records and computing every table, against the number of runs."""
    paths = StudyPaths.of("paper", folder)
    ids = [write_run(paths, place) for place in range(max(size.runs))]
    seconds = []
    for number in size.runs:
        start = time.process_time()
        analyse(paths.results, ids[:number])
        frames = load_analysis(paths.analysis)
        for name in TABLE_NAMES:
            build_table(name, frames)
        seconds.append(time.process_time() - start)
    return Series(name="the analysis", unit="runs", x=list(map(float, size.runs)), seconds=seconds)


MEASUREMENTS: dict[str, Callable[[Size, Path], Series]] = {
    "rollouts": of_rollouts,
    "parameters": of_parameters,
    "steps": of_steps,
    "runs": of_runs,
}


def measured(size: Size) -> Iterator[Series]:
    """All series, one after the other."""
    for measure in MEASUREMENTS.values():
        with tempfile.TemporaryDirectory() as folder:
            found = measure(size, Path(folder))
        print(f"{found.name} against {found.unit}: exponent {found.exponent:.2f}", flush=True)
        yield found


def markdown(series: list[Series]) -> str:
    """A row per series."""
    lines = ["| what | against | from | to | processor s | exponent |", "|---|---|---|---|---|---|"]
    for each in series:
        ends = f"{each.seconds[0]:.3f} to {each.seconds[-1]:.3f}"
        lines.append(
            f"| {each.name} | {each.unit} | {each.x[0]:,.0f} | {each.x[-1]:,.0f} | {ends} | {each.exponent:.2f} |"
        )
    return "\n".join(lines) + "\n"


def write_report(series: list[Series], folder: Path) -> None:
    """``growth.md``, ``growth.csv`` and ``growth.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "growth.md").write_text(markdown(series), encoding="utf-8")
    with (folder / "growth.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = [(s.name, s.unit, x, y) for s in series for x, y in zip(s.x, s.seconds, strict=True)]
        csv.writer(stream, lineterminator="\n").writerows([("what", "against", "x", "processor_s"), *rows])
    draw(series, folder / "growth.png")


def draw(series: list[Series], path: Path) -> None:
    """A panel per series, both axes logarithmic; a dashed line grows in proportion."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(series), figsize=(3.2 * len(series), 3.0), layout="constrained", squeeze=False)
    for axis, each in zip(axes[0], series, strict=True):
        x = np.array(each.x)
        axis.loglog(x, each.seconds, "o-", markersize=4)
        axis.loglog(x, each.seconds[-1] * x / x[-1], "--", color="0.6", label="in proportion")
        axis.set_xlabel(each.unit)
        axis.set_ylabel("processor seconds")
        axis.set_title(f"{each.name}: exponent {each.exponent:.2f}")
        axis.legend(frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "bench", help="folder of table and figure")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    series = list(measured(SIZES[arguments.size]))
    write_report(series, arguments.output)
    print("\n" + markdown(series))


if __name__ == "__main__":
    main()
