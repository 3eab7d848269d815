"""Sampling on a GPU with transformers' continuous batching (``generate_batch``): paged cache, no padding.

It has one random generator per call, not per rollout, so a rollout depends on the others of its call; the generator's
seed derives from all seeds of the request.
"""

from collections.abc import Mapping
from typing import Any

from transformers import GenerationConfig, PreTrainedModel
from transformers.generation.configuration_utils import ContinuousBatchingConfig

from knapsack_rl.base.errors import TrainingError
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import GenerationRequest, Group, SamplingOptions
from knapsack_rl.sampler.vocabulary import Vocabulary
from knapsack_rl.sampler.weights import copy_weights


class ContinuousSampler:
    """Sampler over a causal language model held in this process.

    Args:
        model: the model; only its weights change, through ``load``.
        vocabulary: how prompts are encoded, what ends a rollout.
        options: temperature and length limit of requests that bring none.
        memory_fraction: share of the free memory that the key-value cache may take while sampling.
        batching: further fields of ``ContinuousBatchingConfig``, such as a fixed size of that cache.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        *,
        vocabulary: Vocabulary,
        options: SamplingOptions,
        memory_fraction: float = 0.45,
        batching: Mapping[str, Any] | None = None,
    ) -> None:
        self._model = model.eval()
        self._vocabulary = vocabulary
        self._options = options
        self._batching = {"max_memory_percent": memory_fraction} | dict(batching or {})

    def generate(self, request: GenerationRequest) -> list[Group]:
        """One group per prompt; log-probabilities are those of the tempered sampling distribution.

        Raises:
            TrainingError: the engine failed on a request.
        """
        prompts, options = self._vocabulary.prompts(request), self._vocabulary.options(request, self._options)
        asked = [list(prompt) for prompt, count in zip(prompts, request.counts, strict=True) for _ in range(count)]
        outputs = self._run(asked, request=request, options=options)
        failed = [str(output.error) for output in outputs if output.error is not None]
        if failed or len(outputs) != len(asked):
            raise TrainingError(
                f"sampler: generate_batch answered {len(outputs) - len(failed)} of {len(asked)} requests"
                f" ({failed[0] if failed else 'no reason given'}); lower sampler.memory_fraction or use `sampler: vllm`"
            )
        read, stops = self._vocabulary.rollout, options.stop_tokens or ()
        rollouts = iter([read(out.generated_tokens, out.logprobs, stop_tokens=stops) for out in outputs])
        return [
            Group(prompt=prompt, prompt_tokens=tokens, rollouts=tuple(next(rollouts) for _ in range(count)))
            for prompt, tokens, count in zip(request.prompts, prompts, request.counts, strict=True)
        ]

    def load(self, weights: Mapping[str, Any]) -> None:
        """Copy weights by name; a missing or unexpected name is an error, never skipped."""
        copy_weights(self._model, weights)

    def _run(self, asked: list[list[int]], *, request: GenerationRequest, options: SamplingOptions) -> list[Any]:
        generation = GenerationConfig(
            do_sample=True,
            temperature=options.temperature,
            top_k=0,
            top_p=1.0,
            max_new_tokens=options.max_response_tokens,
            eos_token_id=list(options.stop_tokens or ()),
            pad_token_id=self._vocabulary.tokenizer.pad_token_id or 0,
        )
        batching = ContinuousBatchingConfig(
            return_logprobs=True,
            **self._batching,
            seed=derive_seed("call", *(seed for seeds in request.seeds for seed in seeds)) % 2**31,
        )
        outputs = self._model.generate_batch(  # in the order of the requests
            asked, generation_config=generation, continuous_batching_config=batching, progress_bar=False
        )
        return list(outputs.values())
