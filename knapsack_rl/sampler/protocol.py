"""What the step needs of a sampler. It knows nothing of budgets, rewards or allocation."""

from collections.abc import Mapping
from typing import Any, Protocol

from knapsack_rl.base.types import GenerationRequest, Group


class Sampler(Protocol):
    """An engine that turns prompts and counts into groups of rollouts."""

    def generate(self, request: GenerationRequest) -> list[Group]:
        """One group per prompt, in request order, with exactly ``counts`` rollouts in seed order.

        ``request.options`` and ``request.prompt_tokens``, where given, replace the sampler's own temperature, length
        limit, stop tokens and encoding for this request.
        """
        ...

    def load(self, weights: Mapping[str, Any]) -> None:
        """Take over new weights; the next ``generate`` uses them."""
        ...
