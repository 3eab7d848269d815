"""The contract of a success-rate estimator, and what all of them do with a step's rewards."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from knapsack_rl.base.errors import InputError, StateError
from knapsack_rl.beliefs.arrays import BeliefArrays


class Tracker(Protocol):
    """Remembers rewards per prompt and turns them into beliefs.

    Implementations are dataclasses whose init fields are their options. All state is in ``state_dict``.
    """

    name: ClassVar[str]
    """Name in configuration files."""
    source: ClassVar[str]
    """Where the rule comes from."""

    def observe(self, *, step: int, prompt_ids: Sequence[str], rewards: Sequence[Sequence[int]]) -> None:
        """Record every reward of a step, after its update.

        Args:
            step: Optimiser phase the rewards belong to.
            prompt_ids: Prompts of the step; a repeated id is one longer visit.  [P]
            rewards: Binary rewards (0 or 1) of each prompt in rollout order; may be empty.  ``[P][G]``

        Raises:
            InputError: A reward is neither 0 nor 1, or the two lengths differ.
        """
        ...

    def predict(self, prompt_ids: Sequence[str]) -> BeliefArrays:
        """Current beliefs about the prompts, in the order given, as [P] columns."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything ``load_state_dict`` needs; survives a round trip through JSON."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace the state by a saved one.

        Raises:
            StateError: The state was saved by another kind of tracker.
        """
        ...


def visits(prompt_ids: Sequence[str], rewards: Sequence[Sequence[int]]) -> dict[str, list[int]]:
    """The step's rewards per prompt id, checked; prompts without rewards are left out.

    Raises:
        InputError: A reward is neither 0 nor 1, or the two lengths differ.
    """
    if len(prompt_ids) != len(rewards):
        raise InputError(f"{len(prompt_ids)} prompt ids came with {len(rewards)} reward lists: need one list per id")
    visit_of: dict[str, list[int]] = {}
    for prompt_id, group in zip(prompt_ids, rewards, strict=True):
        for reward in group:
            if reward not in (0, 1):
                raise InputError(
                    f"reward {reward!r} of prompt {prompt_id!r} must be 0 or 1: beliefs need binary rewards"
                )
            visit_of.setdefault(prompt_id, []).append(int(reward))
    return visit_of


def saved_prompts(state: Mapping[str, Any], *, tracker: str) -> dict[str, Any]:
    """The per-prompt part of a saved state.

    Raises:
        StateError: The state is of another tracker or incomplete.
    """
    if state.get("tracker") != tracker or not isinstance(state.get("prompts"), Mapping):
        raise StateError(
            f"saved beliefs are of tracker {state.get('tracker')!r}, not {tracker!r}: resume with the same tracker"
        )
    return dict(state["prompts"])


def saved_now(state: Mapping[str, Any], *, tracker: str) -> int:
    """The newest step seen by a tracker whose evidence fades with steps.

    Raises:
        StateError: The state has none.
    """
    if not isinstance(state.get("now"), int):
        raise StateError(f"saved beliefs of {tracker!r} lack the step they were saved at: start the run anew")
    return int(state["now"])
