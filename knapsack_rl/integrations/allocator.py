"""Counts for the steps of a trainer that is not ours: beliefs, strategy and their state. Knows no trainer.

A step is dealt, then observed; `Allocator.observe` alone changes the state. So a step that was dealt and never
observed (its process was killed, its rollouts are sampled anew) leaves no trace, and dealing it again gives the same
counts. Shapes: ``_P`` prompts of a step, ``_G`` rollouts of one of them (ragged).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import StateError
from knapsack_rl.integrations.estimates import Estimates
from knapsack_rl.integrations.settings import AllocationSettings, Rewards, successes

FORMAT = 1
"""Of the saved state; raised when an older one could be misread."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dealt:
    """What a step deals to its prompts."""

    step: int
    """1-based."""
    epoch: int
    """Passes over the prompts completed before it."""
    prompt_ids: tuple[str, ...]
    """A prompt that stands twice is two groups of one belief.  [P]"""
    counts_P: IntArray
    """Rollouts, at least 2 each.  [P]"""
    rate_P: FloatArray
    """Success rates they follow from; NaN where nothing is known.  [P]"""
    strategy_state: Mapping[str, Any] = field(repr=False)
    """The strategy's own state once the step is observed."""


class Allocator:
    """Beliefs and strategy of one run.

    Example, one step of any loop::

        dealt = allocator.deal(["a", "b"], total=16)
        rewards = [[judge(sample(prompt)) for _ in range(count)] for prompt, count in zip("ab", dealt.counts_P)]
        allocator.observe(dealt, rewards)

    Args:
        settings: what to deal by.
        texts: text of every training prompt by id; read where a belief or strategy predicts from texts.
    """

    def __init__(self, settings: AllocationSettings, *, texts: Mapping[str, str] | None = None) -> None:
        self._settings = settings
        self._estimates = Estimates(settings, texts=texts)
        self._step = 0

    @property
    def step(self) -> int:
        """Steps observed so far."""
        return self._step

    @property
    def num_multiply_adds(self) -> int:
        """What the belief's own model has cost so far; 0 for beliefs without one."""
        return self._estimates.num_multiply_adds

    def deal(self, prompt_ids: Sequence[str], *, total: int, epoch: int | None = None) -> Dealt:
        """Rollouts of the next step's prompts; the same prompts and state give the same answer.

        Args:
            prompt_ids: prompts of the step.  [P]
            total: rollouts to deal.
            epoch: passes over the prompts completed so far; None: the fewest visits that any of these has had.

        Raises:
            AllocationError: no counts fit bounds and total, or the strategy gives a prompt fewer than two rollouts.
        """
        ids, step = tuple(prompt_ids), self._step + 1
        fewest = min((self._estimates.visits[prompt_id] for prompt_id in ids), default=0)
        passed = fewest if epoch is None else epoch
        counts_P, rate_P, state = self._estimates.counts(ids, total=total, step=step, epoch=passed)
        return Dealt(step=step, epoch=passed, prompt_ids=ids, counts_P=counts_P, rate_P=rate_P, strategy_state=state)

    def visit(self, prompt_id: str) -> int:
        """Number of the visit that a prompt is being paid: 1 the first time."""
        return self._estimates.visit(prompt_id)

    def observe(self, dealt: Dealt, rewards_P_G: Sequence[Rewards]) -> None:
        """Learn from the outcomes of the step that was dealt last.

        Args:
            dealt: the step.
            rewards_P_G: rewards in rollout order; NaN (not judged) is left out, and a group may have lost some.

        Raises:
            InputError: a reward is neither 0 nor 1 and there is no threshold, or the lengths differ.
            StateError: another step is due.
        """
        if dealt.step != self._step + 1:
            raise StateError(f"step {dealt.step} was handed in where step {self._step + 1} is due; deal it first")
        right = successes(rewards_P_G, prompt_ids=dealt.prompt_ids, threshold=self._settings.success_threshold)
        self._estimates.strategy_state = dealt.strategy_state
        self._estimates.learn(dealt.prompt_ids, right, step=dealt.step, epoch=dealt.epoch)
        self._step = dealt.step

    def state_dict(self) -> dict[str, Any]:
        """Everything that later counts depend on; JSON-serialisable, in an order that matters."""
        return {
            "format": FORMAT,
            "settings": self._settings.identity(),
            "step": self._step,
            **self._estimates.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state.

        Raises:
            StateError: it is of another format or other settings, or incomplete.
        """
        if state.get("format") != FORMAT:
            raise StateError(
                f"saved beliefs have format {state.get('format')!r}, not {FORMAT}: resume with the"
                " version of knapsack-rl that saved them"
            )
        saved, mine = state.get("settings"), self._settings.identity()
        if not isinstance(saved, Mapping) or dict(saved) != mine:
            differing = next(key for key in mine if not isinstance(saved, Mapping) or saved.get(key) != mine[key])
            was = saved.get(differing) if isinstance(saved, Mapping) else saved
            raise StateError(
                f"saved beliefs are of {differing} = {was!r}, not {mine[differing]!r}: resume with the same settings"
            )
        try:
            self._estimates.load_state_dict(state)
            self._step = int(state["step"])
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"saved beliefs are incomplete ({error!r}); resume from an earlier checkpoint") from None
