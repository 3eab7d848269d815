"""Disk, memory, accelerators and libraries."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
import torch

from knapsack_rl.base.errors import OutputError
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.config import RunConfig, StudyConfig
from knapsack_rl.models.fit import describe, remedy
from knapsack_rl.models.memory import GIB, ModelSize, Place, estimate
from knapsack_rl.preflight.finding import Finding
from knapsack_rl.preflight.inputs import run_of
from knapsack_rl.records import check_writable
from knapsack_rl.study.estimate import disk_bytes
from knapsack_rl.study.outside import gpus_of
from knapsack_rl.study.plan import model_shape
from knapsack_rl.tasks import build_task
from knapsack_rl.tasks.needs import of_extra


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the runs will be: this machine, or another whose GPUs are described."""

    gpus: int
    gpu_memory_gib: float

    @classmethod
    def here(cls) -> "Machine":
        """What torch sees."""
        count = torch.cuda.device_count()
        sizes = [torch.cuda.get_device_properties(index).total_memory / GIB for index in range(count)]
        return cls(count, min(sizes, default=0.0))


def check_machine(study: StudyConfig, runs: Mapping[str, RunConfig], *, machine: Machine) -> Iterator[Finding]:
    """Folders, disk, libraries, accelerators, and memory per model."""
    yield from _disk(study, runs)
    yield from _libraries(study, runs)
    asked = max(gpus_of(run) for run in runs.values())
    if asked:
        enough = machine.gpus >= asked
        remedy = "" if enough else "run it where they are (--gpus and --gpu-memory-gib describe another machine)"
        remedy = remedy and f"{remedy}, or set learner.gpus"
        found = f"{asked} asked for by a run, {machine.gpus} here"
        yield Finding(check="GPUs", status="ok" if enough else "missing", found=found, remedy=remedy)
    for name in study.grid_models:
        yield _memory(study, name, run=run_of(name, runs), machine=machine)


def _disk(study: StudyConfig, runs: Mapping[str, RunConfig]) -> Iterator[Finding]:
    paths = StudyPaths.of(study.name)
    try:
        check_writable(paths.results)
        check_writable(paths.figures)
    except OutputError as error:
        yield Finding(check="folders", status="missing", found=str(error), remedy="make them writable")
        return
    shapes = {name: model_shape(study, name) for name in study.grid_models}
    needed = sum(disk_bytes(run, shape) for run in runs.values() if (shape := shapes[run.model_name])) / GIB
    free = shutil.disk_usage(_existing(paths.results)).free / GIB
    enough = needed <= free
    yield Finding(
        check="disk",
        status="ok" if enough else "missing",
        found=f"about {needed:,.1f} GiB in the end, {free:,.1f} free",
        remedy="" if enough else "a larger disk, a larger train.keep_weights_every, or fewer runs",
    )


def _existing(folder: Path) -> Path:
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return folder


def _libraries(study: StudyConfig, runs: Mapping[str, RunConfig]) -> Iterator[Finding]:
    every = runs.values()
    task = build_task(study.task.name, study.task.options, seed=study.task.seed)
    optional = {
        of_extra("trl", extra="train,trl"): study.engine == "trl",
        of_extra("vllm", extra="train,vllm"): _samples_with_vllm(study, every),
        of_extra("torchao", extra="train,large"): any(run.learner.optimizer == "adamw_8bit" for run in every),
    }
    for library in [*(library for library, needed in optional.items() if needed), *task.needs().libraries]:
        check = f"library {library.package}"
        try:
            yield Finding(check=check, status="ok", found=_version(library.package))
        except PackageNotFoundError:
            yield Finding(check=check, status="missing", found="not installed", remedy=library.install)


def _samples_with_vllm(study: StudyConfig, runs: Iterable[RunConfig]) -> bool:
    """Whether our own sampler needs vLLM; verl brings its own, in its own environment."""
    return study.engine != "verl" and any(run.sampler.kind == "vllm" for run in runs)


def _version(package: str) -> str:
    """Version; vLLM's build for CPUs has a name of its own."""
    try:
        return version(package)
    except PackageNotFoundError:
        return version(f"{package}-cpu")


def _memory(study: StudyConfig, name: str, *, run: RunConfig, machine: Machine) -> Finding:
    check = f"memory {name}"
    shape = model_shape(study, name)
    if shape is None:
        return Finding(check=check, status="note", found="not known before the model is there")
    on_gpu = machine.gpus > 0 or gpus_of(run) > 0
    here = machine.gpu_memory_gib * GIB if on_gpu else psutil.virtual_memory().total
    size, place = ModelSize.of_shape(shape), Place(on_gpu=on_gpu, memory=int(here))
    need = estimate(size, run, place=place)
    if on_gpu and machine.gpus == 0:
        return Finding(check=check, status="note", found=f"{describe(need)} on each GPU, none here")
    found = f"{describe(need)}; {here / GIB:.1f} {'on each GPU' if on_gpu else 'in this machine'}"
    if need.peak <= here:
        return Finding(check=check, status="ok", found=found)
    return Finding(check=check, status="missing", found=found, remedy=remedy(size, run, place=place))
