"""What the step needs of a learner, and the records that go in and out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRow:
    """One rollout as the learner sees it.

    Example: ``TrainingRow(prompt_tokens=(4, 11), response_tokens=(9, 19), old_logprobs=(-0.1, -0.2), advantage=1.5,
    weight=0.001)``.
    """

    prompt_tokens: tuple[int, ...]
    """Conditioned on, not trained on."""
    response_tokens: tuple[int, ...]
    """Trained on.  [T]"""
    old_logprobs: tuple[float, ...]
    """Log-probabilities under the policy that sampled them.  [T]"""
    advantage: float
    """Group-relative advantage, already clipped."""
    weight: float
    """Weight of each response token in the loss of its optimiser step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateStats:
    """Facts of the optimiser steps of one training step; averaged values are over what their name says.

    ``updated_*`` cover the rollouts that were pushed through the model: without a KL penalty or an entropy bonus those
    of groups with both outcomes. Which these are depends on the allocation, so that they do not compare between arms.
    """

    loss: float
    """Mean over optimiser steps."""
    grad_norm: float
    """Before clipping; mean over optimiser steps."""
    updated_clip_frac: float
    """Share of updated response tokens whose ratio was clipped."""
    updated_approx_kl: float
    """Mean over updated response tokens of old minus new log-probability."""
    updated_entropy: float
    """Mean over updated response tokens, nats."""
    num_updated_rollouts: int
    """Rollouts pushed through the model."""
    num_updated_tokens: int
    """Prompt and response tokens of those."""
    mismatch_mean: float | None = None
    """Mean absolute difference of the learner's and the sampler's log-probability, over the updated response
    tokens at the weights that sampled; None if there was none."""
    mismatch_max: float | None = None
    """Largest of those differences."""
    mismatch_capped_frac: float | None = None
    """Share of those tokens whose importance ratio was cut at the cap; None without the correction."""


class Learner(Protocol):
    """Holds the policy and its optimiser."""

    def update(self, mini_batches: Sequence[Sequence[TrainingRow]]) -> UpdateStats:
        """One optimiser step per mini-batch, in order; an empty mini-batch still takes its step."""
        ...

    def weights(self) -> Mapping[str, Any]:
        """Current weights by name, for the sampler."""
        ...

    def export(self, folder: Path, *, card: str = "") -> None:
        """Write the policy in the transformers layout, with the model card if one is given."""
        ...

    def save_state(self, folder: Path) -> None:
        """Write weights and optimiser state into an existing folder."""
        ...

    def load_state(self, folder: Path) -> None:
        """Continue from ``save_state``; raises StateError if a file is truncated or does not fit."""
        ...
