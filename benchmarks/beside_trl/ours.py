"""Our side: the trainer's own step, timed."""

from pathlib import Path

from beside_trl.cases import WARM_UP, Case, run_of, task_of
from beside_trl.clock import Clock, Lap
from knapsack_rl.train.build import Parts, build_parts
from knapsack_rl.train.step import run_step

NO_PENALTY = 1e-30
"""An entropy coefficient that the learner never sees: rows without an advantage are kept because of it."""


def build_ours(case: Case, files: tuple[Path, Path], *, strategy: str, skip: bool = True) -> Parts:
    """A run at its first step; ``skip`` False keeps rollouts without an advantage in the update."""
    config = run_of(case, strategy)
    parts = build_parts(config, prompts_file=files[0], model_folder=files[1])
    parts.task = task_of(case, config)  # type: ignore[assignment] - only its scores are asked for
    if not skip:
        kept = config.train.model_copy(
            update={"loss": config.train.loss.model_copy(update={"entropy_coef": NO_PENALTY})}
        )
        parts.config = config.model_copy(update={"train": kept})
    return parts


def time_ours(case: Case, files: tuple[Path, Path], *, strategy: str, skip: bool = True) -> list[Lap]:
    """Seconds of every step after the warm-up, from the base model on."""
    parts, clock = build_ours(case, files, strategy=strategy, skip=skip), Clock()
    laps = []
    for step in range(1, WARM_UP + case.steps + 1):
        clock.start()
        facts = run_step(parts, step)
        laps.append(clock.lap(facts.num_response_tokens, rollouts=facts.num_rollouts))
    return laps[WARM_UP:]
