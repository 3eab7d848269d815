"""What a scheduler must grant the jobs of a run, as a function of its model. Profiles may override any of it."""

from dataclasses import dataclass

from knapsack_rl.config import RunConfig
from knapsack_rl.study.estimate import HARDWARE, Assumptions, estimate_run
from knapsack_rl.study.outside import gpus_of
from knapsack_rl.study.shape import ModelShape

DAY_MIN = 24 * 60
LONGEST_MIN = 7 * DAY_MIN
SLACK = 2.0
"""Time asked for over time estimated; a run that is cut short continues from its last save."""
CPUS_PER_GPU = 8
"""Grading and loading run beside the GPU."""
GIB_PER_BILLION = 16
"""Host memory: weights and both moments are gathered on it when the state is saved, beside the model being loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResources:
    """Example: ``JobResources(gpu=8, threads=64, mem_gib=140, runtime_min=4320)``."""

    gpu: int = 0
    threads: int = 1
    mem_gib: int = 3
    runtime_min: int = DAY_MIN


def training_resources(run: RunConfig, shape: ModelShape | None, *, num_problems: int) -> JobResources:
    """Resources of the training job; without a GPU those of the small models that a study builds itself.

    Args:
        run: resolved configuration.
        shape: of its model, None if not known before it is there: then the longest time and a 7B model's memory.
        num_problems: benchmark problems, for the time of an evaluation inside training.
    """
    gpus = gpus_of(run)
    if gpus == 0:
        return JobResources(threads=run.learner.gpus)
    runtime = LONGEST_MIN
    if shape is not None:
        given = Assumptions(peak_tflops=HARDWARE["a100-80gb"].peak_tflops)
        hours = estimate_run(run, shape, num_problems=num_problems, given=given).gpu_h / gpus
        runtime = min(LONGEST_MIN, max(DAY_MIN // 6, round(60 * SLACK * hours)))
    return JobResources(gpu=gpus, threads=CPUS_PER_GPU * gpus, mem_gib=_host_gib(shape), runtime_min=runtime)


def evaluation_resources(run: RunConfig, shape: ModelShape | None) -> JobResources:
    """Resources of the evaluation job; it needs no GPU where everything was evaluated while training."""
    if gpus_of(run) == 0 or (run.evaluation.inside_training and run.evaluation.probe.prompts == 0):
        return JobResources(runtime_min=DAY_MIN // 6)
    gpus = run.sampler.ranks_per_engine
    return JobResources(gpu=gpus, threads=CPUS_PER_GPU * gpus, mem_gib=_host_gib(shape), runtime_min=DAY_MIN)


def _host_gib(shape: ModelShape | None) -> int:
    billions = shape.num_parameters / 1e9 if shape else 8
    return round(16 + GIB_PER_BILLION * billions)
