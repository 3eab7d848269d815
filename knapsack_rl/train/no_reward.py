"""A run that earns nothing says so after a few steps, and what to change: without rewards there is no gradient."""

from knapsack_rl.base.unrewarded import describe
from knapsack_rl.records import StepFacts

ASKED_AT = (3, 10, 30, 100, 300, 1000)
"""Steps, counted from where this process began, at which it is looked at."""
UNREAD = 0.9
"""Share of responses without an answer to judge from which on something is wrong, whatever the others earn."""


class NoReward:
    """Adds up what the responses earned, step by step."""

    def __init__(self) -> None:
        self._steps = 0
        self._sums = dict.fromkeys(("num_rollouts", "num_successes", "num_cut_off", "num_no_answer"), 0)

    def line(self, facts: StepFacts) -> str | None:
        """What to say after a step; None if rewards come in, or it was said a short while ago.

        Args:
            facts: of the step.
        """
        self._steps += 1
        for name in self._sums:
            self._sums[name] += getattr(facts, name)
        if self._steps not in ASKED_AT:
            return None
        unread = self._sums["num_cut_off"] + self._sums["num_no_answer"]
        if self._sums["num_successes"] and unread < UNREAD * self._sums["num_rollouts"]:
            return None
        return f"step {facts.step}: {describe(self._sums)}"
