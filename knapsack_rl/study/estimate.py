"""What a run will cost, from stated assumptions. Nothing here is measured, and no result may quote it as if it were.

Compute follows the usual counts for a dense model of P parameters: 2 P operations per token read or written, 6 P per
token of an update (forward and backward), 2 P more with gradient checkpointing. Attention's quadratic term, the
allocation, scoring and loading are left out.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from knapsack_rl.base.errors import InputError

if TYPE_CHECKING:
    from knapsack_rl.config import RunConfig
    from knapsack_rl.study.shape import ModelShape

TERA, GIB, HOUR_S = 1e12, 2**30, 3600.0
SAVED_STATES = 2
"""Resume states kept."""
COPIES = 2
"""Kept weights are in the state folder and in the published one."""
BYTES = {"float32": 4, "bfloat16": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """One accelerator, from its maker's data sheet."""

    peak_tflops: float
    """Dense bfloat16 operations per second, in 10^12."""
    memory_gib: float


HARDWARE = {
    "l4": Hardware(peak_tflops=121, memory_gib=22.5),
    "rtx4090": Hardware(peak_tflops=165, memory_gib=24),
    "a100-80gb": Hardware(peak_tflops=312, memory_gib=80),
    "h100-80gb": Hardware(peak_tflops=989, memory_gib=80),
    "h200": Hardware(peak_tflops=989, memory_gib=141),
}
"""Accelerators that a plan can be made for; others by ``peak_tflops``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """Everything an estimate rests on besides the configuration."""

    peak_tflops: float
    sampling_efficiency: float = 0.15
    """Share of the peak while sampling, which is bound by memory."""
    update_efficiency: float = 0.4
    """Share of the peak while updating."""
    prompt_tokens: int = 150
    """Mean tokens of a prompt."""
    response_share: float = 0.5
    """Mean length of a response over its limit."""
    updated_share: float = 1.0
    """Share of rollouts with an advantage other than 0; 1 is an upper bound."""

    def check(self) -> None:
        """Refuse values that mean nothing.

        Raises:
            InputError: a rate or a share outside its range.
        """
        for name in ("sampling_efficiency", "update_efficiency", "response_share", "updated_share"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"--{name.replace('_', '-')}: {getattr(self, name)} must lie in (0, 1]")
        if self.peak_tflops <= 0 or self.prompt_tokens < 1:
            raise InputError(
                f"--peak-tflops {self.peak_tflops}, --prompt-tokens {self.prompt_tokens}: must be positive"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEstimate:
    """One run, or the sum of several."""

    rollouts: int = 0
    generated_tokens: float = 0.0
    """In training, probes for an oracle included."""
    evaluation_tokens: float = 0.0
    sample_h: float = 0.0
    update_h: float = 0.0
    evaluate_h: float = 0.0
    disk_gib: float = 0.0

    @property
    def gpu_h(self) -> float:
        """GPU hours of all phases."""
        return self.sample_h + self.update_h + self.evaluate_h

    def __add__(self, other: "RunEstimate") -> "RunEstimate":
        """Sum, field by field."""
        return RunEstimate(**{name: getattr(self, name) + getattr(other, name) for name in self.__slots__})


def estimate_run(run: "RunConfig", shape: "ModelShape", *, num_problems: int, given: Assumptions) -> RunEstimate:
    """Cost of one run; one that ends at a budget is taken to spend it as uniform allocation does.

    Args:
        run: resolved configuration.
        shape: its model.
        num_problems: benchmark problems, all benchmarks together.
        given: what is assumed.
    """
    train, settings = run.train, run.evaluation
    response = given.response_share * train.max_response_tokens
    steps = run.steps_at(response)
    rollouts = run.rollouts_per_step * steps
    probed = train.prompts_per_step * steps * train.probe_rollouts if run.arm.belief == "oracle" else 0
    read = given.prompt_tokens * train.prompts_per_step * steps  # a prompt is read once for all of its rollouts
    written = (rollouts + probed) * response
    updated = given.updated_share * rollouts * (given.prompt_tokens + response)
    samples = len(run.checkpoints_to(steps)) * num_problems * settings.samples
    evaluated = samples * given.response_share * settings.max_response_tokens
    evaluated += 2 * settings.probe.prompts * settings.probe.samples * response
    hours = shape.num_parameters / (given.peak_tflops * TERA * HOUR_S)
    sampling, updating = hours / given.sampling_efficiency, hours / given.update_efficiency
    per_token = 8 if run.learner.gradient_checkpointing else 6
    return RunEstimate(
        rollouts=rollouts,
        generated_tokens=written,
        evaluation_tokens=evaluated,
        sample_h=2 * (read + written) * sampling,
        update_h=per_token * updated * updating,
        evaluate_h=2 * evaluated * sampling,
        disk_gib=disk_bytes(run, shape) / GIB,
    )


def disk_bytes(run: "RunConfig", shape: "ModelShape") -> float:
    """Kept weights twice (in the state and published), and two resume states of weights and two moments."""
    state = BYTES[run.learner.weights_dtype] + 2 * _saved_moment_bytes(run)
    kept = COPIES * len(run.kept_weights) * BYTES[run.learner.dtype]
    return shape.num_parameters * (kept + SAVED_STATES * state)


def _saved_moment_bytes(run: "RunConfig") -> int:
    """Moments in 8 bits are saved as what they stand for, float32."""
    return BYTES["float32" if run.learner.optimizer == "adamw_8bit" else run.learner.moments_in]
