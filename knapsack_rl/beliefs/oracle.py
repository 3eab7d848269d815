"""What an allocator would know if it could look: an independent probe of the current policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

from knapsack_rl.base.errors import InputError
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.tracker import saved_prompts, visits


@runtime_checkable
class NeedsProbe(Protocol):
    """A tracker that is told the rates of a step's prompts before each step."""

    def set_probe(self, prompt_ids: Sequence[str], *, successes: Sequence[float], draws: Sequence[float]) -> None:
        """Hand over an independent sample of the current policy; replaces the one before."""
        ...


@dataclass(slots=True, kw_only=True)
class Oracle:
    """Plug-in beliefs from a probe: rollouts drawn only to look, apart from those trained on and charged to no arm.

    It separates estimation from allocation: the same strategy with this belief shows what better estimates could
    still gain. Training rewards are ignored.

    Source: a control of ours; a probe of 64 rollouts is known to 0.06 in standard deviation at worst.
    """

    name: ClassVar[str] = "oracle"
    source: ClassVar[str] = "control: an independent probe"

    _probe: dict[str, tuple[float, float]] = field(init=False, repr=False, default_factory=dict)

    def set_probe(self, prompt_ids: Sequence[str], *, successes: Sequence[float], draws: Sequence[float]) -> None:
        """Hand over the probe of a step; see `NeedsProbe.set_probe`.

        Args:
            prompt_ids: Prompts probed.  [P]
            successes: Successes of each, may be fractional (a known rate times the draws).  [P]
            draws: Probe rollouts of each, above 0.  [P]

        Raises:
            InputError: Lengths differ, or a prompt has no draws or more successes than draws.
        """
        if not len(prompt_ids) == len(successes) == len(draws):
            raise InputError(
                f"a probe of {len(prompt_ids)} prompts came with {len(successes)} successes and {len(draws)} draws"
            )
        for prompt_id, won, drawn in zip(prompt_ids, successes, draws, strict=True):
            if not (drawn > 0 and 0 <= won <= drawn):
                raise InputError(f"probe of prompt {prompt_id!r}: {won:g} of {drawn:g} is no success rate")
        pairs = zip(successes, draws, strict=True)
        self._probe = {key: (float(won), float(drawn)) for key, (won, drawn) in zip(prompt_ids, pairs, strict=True)}

    def observe(self, *, step: int, prompt_ids: Sequence[str], rewards: Sequence[Sequence[int]]) -> None:
        """Check a step's rewards and forget them; see `Tracker.observe`."""
        del step
        visits(prompt_ids, rewards)

    def predict(self, prompt_ids: Sequence[str]) -> BeliefArrays:
        """Plug-in beliefs of the newest probe; columns of [P].

        Raises:
            InputError: A prompt was not probed.
        """
        for prompt_id in prompt_ids:
            if prompt_id not in self._probe:
                raise InputError(
                    f"belief 'oracle' has no probe of prompt {prompt_id!r}: call set_probe before each step, "
                    "or choose a belief that learns from training rewards"
                )
        pairs = [self._probe[prompt_id] for prompt_id in prompt_ids]
        return BeliefArrays.from_counts([won for won, _ in pairs], [drawn for _, drawn in pairs])

    def state_dict(self) -> dict[str, Any]:
        """Saved state, JSON-serialisable."""
        return {"tracker": self.name, "prompts": {key: list(pair) for key, pair in self._probe.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace the state by a saved one; see `Tracker.load_state_dict`."""
        saved = saved_prompts(state, tracker=self.name)
        self._probe = {key: (float(won), float(drawn)) for key, (won, drawn) in saved.items()}
