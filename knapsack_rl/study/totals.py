"""Rollouts of every step of a run, from its budget and its arm's schedule."""

from knapsack_rl.allocation import schedule_totals
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import RunConfig


def step_totals(config: RunConfig) -> tuple[int, ...]:
    """Rollouts per step, in order; they sum to ``steps * budget * prompts_per_step`` under every schedule.

    Raises:
        ConfigError: a schedule that asks for less than ``low`` or more than ``high`` rollouts per prompt at some step.
    """
    train, schedule = config.train, config.arm.schedule
    totals = schedule_totals(
        schedule.kind,
        steps=train.steps,
        mean_total=config.rollouts_per_step,
        start=schedule.start,
        weights=schedule.weights,
    )
    lowest, highest = train.low * train.prompts_per_step, train.high * train.prompts_per_step
    for step, total in enumerate(totals, start=1):
        if not lowest <= total <= highest:
            raise ConfigError(
                f"arm.schedule: step {step} gets {total} rollouts, outside {lowest}..{highest}"
                f" (low..high x {train.prompts_per_step} prompts); flatten the schedule or widen the bounds"
            )
    return tuple(int(total) for total in totals)
