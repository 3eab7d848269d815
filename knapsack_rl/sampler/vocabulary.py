"""What lies between text and tokens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from transformers import PreTrainedTokenizerBase

from knapsack_rl.base.types import GenerationRequest, Rollout, SamplingOptions, StopReason
from knapsack_rl.models import response_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """How prompts are encoded, what ends a rollout, and how its text is read."""

    tokenizer: PreTrainedTokenizerBase
    """Decodes responses."""
    encode: Callable[[str], Sequence[int]]
    """Token ids of the prompt made of a problem's text."""
    stop_tokens: tuple[int, ...]
    """Ids that end a rollout; part of its tokens."""

    def prompts(self, request: GenerationRequest) -> list[tuple[int, ...]]:
        """Token ids of the request's prompts: its own, or encoded."""
        return list(request.prompt_tokens or [tuple(self.encode(prompt.text)) for prompt in request.prompts])

    def options(self, request: GenerationRequest, default: SamplingOptions) -> SamplingOptions:
        """The request's options, or the default ones, with the stop tokens filled in."""
        options = request.options or default
        return replace(options, stop_tokens=options.stop_tokens or self.stop_tokens)

    def rollout(self, tokens: Sequence[int], logprobs: Sequence[float], *, stop_tokens: Sequence[int]) -> Rollout:
        """A response from its token ids and their log-probabilities."""
        return Rollout(
            tokens=tuple(tokens),
            logprobs=tuple(logprobs),
            text=response_text(self.tokenizer, tokens),
            stop=StopReason.EOS if tokens[-1] in stop_tokens else StopReason.LENGTH,
        )
