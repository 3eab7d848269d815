"""The released estimator of Knapsack RL: the mean of a prompt's newest rewards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.tracker import saved_prompts, visits


class _History(NamedTuple):
    """What can still matter about one prompt: nothing older than the newest ``buffer`` rewards and the last visit."""

    recent: str  # newest rewards as "0" and "1", oldest first, at most ``buffer`` of them
    last_successes: int  # of the last visit, which may be longer than ``recent``
    last_draws: int
    num_seen: int  # rewards ever recorded


_UNSEEN = _History(recent="", last_successes=0, last_draws=0, num_seen=0)


@dataclass(slots=True, kw_only=True)
class Newest16:
    """Mean of the last visit if it was large, else of the newest ``buffer`` rewards across visits.

    With k rollouts in the last visit, and the published settings (all defaults):

    - fewer than ``minimum`` rewards ever recorded: unknown;
    - k >= ``buffer``: mean of that visit, all k of it;
    - k < ``buffer``: mean of the newest ``min(buffer, available)`` rewards, walking back over earlier visits.

    The released code hands out its estimates as of the start of the epoch; with unique prompts, each visited once per
    epoch, that is the same as handing out the current one. Memory is at most ``buffer`` rewards per prompt.

    Source: arXiv 2509.25849; github liziniu/KnapsackRL, verl/utils/dataset/rl_dataset.py.
    """

    name: ClassVar[str] = "newest16"
    source: ClassVar[str] = "arXiv 2509.25849, released code"

    buffer: int = 16
    """Rewards to average over, and the size from which one visit counts alone."""
    minimum: int = 8
    """Recorded rewards from which on a prompt is known."""
    robust: bool = True
    """False: the last visit counts alone whatever its size (released flag ``robust_epoch_estimation``)."""
    epoch: bool = True
    """False: always the newest ``buffer`` rewards, even inside a larger visit (released flag ``epoch_estimation``)."""
    _history: dict[str, _History] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Check the ranges of the options."""
        for option, value in (("buffer", self.buffer), ("minimum", self.minimum)):
            if value < 1:
                raise ConfigError(f"belief 'newest16': option {option} = {value} must be at least 1")

    def observe(self, *, step: int, prompt_ids: Sequence[str], rewards: Sequence[Sequence[int]]) -> None:
        """Record a step's rewards; see `Tracker.observe`."""
        del step  # the estimate ages by visits, not by steps
        for prompt_id, visit in visits(prompt_ids, rewards).items():
            old = self._history.get(prompt_id, _UNSEEN)
            newest = "".join(map(str, visit[-self.buffer :]))
            self._history[prompt_id] = _History(
                recent=(old.recent + newest)[-self.buffer :],
                last_successes=sum(visit),
                last_draws=len(visit),
                num_seen=old.num_seen + len(visit),
            )

    def predict(self, prompt_ids: Sequence[str]) -> BeliefArrays:
        """Plug-in beliefs; unknown below ``minimum`` recorded rewards; columns of [P]."""
        counts = [self._counts(self._history.get(prompt_id, _UNSEEN)) for prompt_id in prompt_ids]
        return BeliefArrays.from_counts([successes for successes, _ in counts], [draws for _, draws in counts])

    def _counts(self, history: _History) -> tuple[int, int]:
        if history.num_seen < self.minimum:
            return 0, 0
        if self.epoch and (not self.robust or history.last_draws >= self.buffer):
            return history.last_successes, history.last_draws
        return history.recent.count("1"), len(history.recent)

    def state_dict(self) -> dict[str, Any]:
        """Saved state, JSON-serialisable."""
        return {"tracker": self.name, "prompts": {key: list(history) for key, history in self._history.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace the state by a saved one; see `Tracker.load_state_dict`."""
        saved = saved_prompts(state, tracker=self.name)
        self._history = {key: _History(*values) for key, values in saved.items()}
