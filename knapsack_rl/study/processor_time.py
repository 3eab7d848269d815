"""What a study takes on processors, from speeds that were measured on this machine. Imports nothing heavy.

A decoding step of R running responses takes ``decode_step_s + R * decode_row_s``; an update takes its tokens times
``update_token_s``. How long responses are is read off the demonstrations that the base model is pre-trained on, or
assumed where there are none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knapsack_rl.config import RunConfig

UPDATED_SHARE = 0.5
"""Rollouts with an advantage other than 0, if nothing else is said: half, as in small studies of this package."""
RESULTS_S = 75.0
"""Processor seconds of preparation, tables, figures, report and MLflow; the one part that is assumed, not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Mean tokens of the task's texts under a model."""

    prompt: float
    response: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorSpeed:
    """Processor seconds on one core while all others are busy too, for one model."""

    start_s: float
    """From the start of a process to the first step."""
    decode_step_s: float
    """Of a decoding step, however many responses run."""
    decode_row_s: float
    """Of each of them."""
    update_token_s: float
    """Of a token, prompt or response, in an update."""
    pretrain_step_s: float
    """Of an optimiser step of pre-training; 0 for a model that is there."""
    lengths: Lengths


@dataclass(slots=True, kw_only=True)
class ProcessorTime:
    """Processor seconds of one run, or the sum of several."""

    start_s: float = 0.0
    sample_s: float = 0.0
    update_s: float = 0.0
    evaluate_s: float = 0.0

    @property
    def total_s(self) -> float:
        """All of it."""
        return self.start_s + self.sample_s + self.update_s + self.evaluate_s

    def __add__(self, other: "ProcessorTime") -> "ProcessorTime":
        """Sum, field by field."""
        return ProcessorTime(**{name: getattr(self, name) + getattr(other, name) for name in self.__slots__})


@dataclass(slots=True, kw_only=True)
class ProcessorRow:
    """All runs of one model at one budget."""

    model: str
    budget: int
    num_runs: int = 0
    time: ProcessorTime = field(default_factory=ProcessorTime)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorPlan:
    """A study on processors."""

    rows: list[ProcessorRow]
    base_models_s: float
    """Pre-training, and the one evaluation of each base model that all of its runs share."""

    @property
    def total_s(self) -> float:
        """Processor seconds of the whole study."""
        return self.base_models_s + sum(row.time.total_s for row in self.rows) + RESULTS_S


def plan_processors(
    runs: Mapping[str, "RunConfig"],
    *,
    speeds: Mapping[str, ProcessorSpeed],
    num_problems: int,
    updated_share: float = UPDATED_SHARE,
) -> ProcessorPlan:
    """Processor seconds per model and budget.

    Args:
        runs: its runs by id.
        speeds: by name of the model; each has a run.
        num_problems: benchmark problems, all benchmarks together.
        updated_share: rollouts with an advantage other than 0.
    """
    rows: dict[tuple[str, int], ProcessorRow] = {}
    for run in runs.values():
        row = rows.setdefault((run.model_label, run.budget), ProcessorRow(model=run.model_label, budget=run.budget))
        row.num_runs += 1
        row.time += run_time(run, speeds[run.model_name], num_problems=num_problems, updated_share=updated_share)
    starts = {run.base_folder: run for run in reversed(list(runs.values()))}  # a run of each base model
    base = sum(_base_model_s(run, speeds[run.model_name], num_problems=num_problems) for run in starts.values())
    return ProcessorPlan(rows=list(rows.values()), base_models_s=base)


def run_time(run: "RunConfig", speed: ProcessorSpeed, *, num_problems: int, updated_share: float) -> ProcessorTime:
    """Processor seconds of one run, the evaluation of its base model excluded."""
    train, length = run.train, speed.lengths
    rollouts = run.rollouts_per_step + (train.prompts_per_step * train.probe_rollouts if _probes(run) else 0)
    tokens = updated_share * run.rollouts_per_step * (length.prompt + length.response)
    steps = run.steps_at(length.response)
    evaluations = max(0, len(run.checkpoints_to(steps)) - 1)
    return ProcessorTime(
        start_s=speed.start_s,
        sample_s=steps * decoding_s(run, speed, rollouts=rollouts, limit=train.max_response_tokens),
        update_s=steps * tokens * speed.update_token_s,
        evaluate_s=evaluations * _evaluation_s(run, speed, num_problems=num_problems) + _probe_s(run, speed),
    )


def decoding_s(run: "RunConfig", speed: ProcessorSpeed, *, rollouts: int, limit: int) -> float:
    """Of sampling some rollouts: the longest of each batch runs to the limit, the others for the mean length."""
    batches = -(-rollouts // run.sampler.max_rows)
    length = min(speed.lengths.response, limit)
    return batches * limit * speed.decode_step_s + rollouts * length * speed.decode_row_s


def _probes(run: "RunConfig") -> bool:
    return run.arm.belief == "oracle"


def _evaluation_s(run: "RunConfig", speed: ProcessorSpeed, *, num_problems: int) -> float:
    settings = run.evaluation
    samples = num_problems * settings.samples
    return decoding_s(run, speed, rollouts=samples, limit=settings.max_response_tokens)


def _probe_s(run: "RunConfig", speed: ProcessorSpeed) -> float:
    probe = run.evaluation.probe
    return decoding_s(run, speed, rollouts=probe.prompts * probe.samples, limit=run.train.max_response_tokens)


def _base_model_s(run: "RunConfig", speed: ProcessorSpeed, *, num_problems: int) -> float:
    """Pre-training, if the study makes the model, and the evaluation of step 0 that its runs share."""
    build = run.model.build
    pretraining = speed.start_s + build.pretrain.steps * speed.pretrain_step_s if build else 0.0
    return pretraining + _evaluation_s(run, speed, num_problems=num_problems) + _probe_s(run, speed)
