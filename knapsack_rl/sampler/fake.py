"""A solver with known success rates: rollouts are Bernoulli draws. Drives tests of everything around a model."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from knapsack_rl.base.types import GenerationRequest, Group, Prompt, Rollout, StopReason


class FakeSampler:
    """Answers right with probability ``p_success(prompt)``.

    A right response is the prompt's reference answer preceded by ``=``, so that the real scorer of a task judges it.
    Another is ``wrong(prompt, draw)``, where the draw is uniform in [0, 1). Tokens are placeholders of length
    ``num_tokens``; ``load`` counts the weight versions handed over.
    """

    def __init__(
        self,
        p_success: Callable[[Prompt], float],
        *,
        num_tokens: int = 4,
        wrong: Callable[[Prompt, float], str] = lambda _, __: "wrong",
    ) -> None:
        self._p_success = p_success
        self._num_tokens = num_tokens
        self._wrong = wrong
        self.num_loads = 0

    def generate(self, request: GenerationRequest) -> list[Group]:
        """Groups whose outcomes depend on the request's seeds alone."""
        return [
            Group(prompt=prompt, prompt_tokens=(1,), rollouts=tuple(self._rollout(prompt, seed) for seed in seeds))
            for prompt, seeds in zip(request.prompts, request.seeds, strict=True)
        ]

    def load(self, weights: Mapping[str, Any]) -> None:
        """Count a hand-over; a fake has no weights."""
        del weights
        self.num_loads += 1

    def _rollout(self, prompt: Prompt, seed: int) -> Rollout:
        rng = np.random.default_rng(seed)
        right = rng.random() < self._p_success(prompt)
        return Rollout(
            tokens=(2,) * self._num_tokens,
            logprobs=(-1.0,) * self._num_tokens,
            text=f"={prompt.answer}" if right else self._wrong(prompt, rng.random()),
            stop=StopReason.EOS,
        )
