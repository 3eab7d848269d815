"""Sampling with vLLM in this process. The only file that imports it; see docs/vllm.md.

Engine and learner share a device in turns: the engine sleeps between sampling phases, and new weights are copied into
the live model, without a file or a restart.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.ranks import Ranks
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import GenerationRequest, Group, Prompt, Rollout, SamplingOptions
from knapsack_rl.config import SamplerConfig
from knapsack_rl.models import weight_shapes
from knapsack_rl.sampler.check_weights import checked_weights, misfit
from knapsack_rl.sampler.vllm_setup import (
    check_torch,
    check_version,
    engine_settings,
    environment,
    installed_version,
    startup_error,
)
from knapsack_rl.sampler.vocabulary import Vocabulary

check_version(installed_version())
check_torch()
os.environ.update({name: value for name, value in environment().items() if name not in os.environ})

from vllm import LLM, SamplingParams  # noqa: E402 - reads the environment when imported


class VLLMSampler:
    """Sampler over an in-process vLLM engine.

    Args:
        folder: model in the transformers layout.
        config: device, precision, memory, parallelism.
        vocabulary: how prompts are encoded, what ends a rollout.
        options: temperature and length limit of requests that bring none.
        learner_ranks: the ranks of a learner on the same devices, so sleep between phases; of several, each has an
            engine, and ``tensor_parallel`` neighbours share one: they must ask for the same. None: no learner.

    Raises:
        ConfigError, InputError: vLLM or a GPU is missing, the architecture is unknown to it, or memory is too small.
    """

    def __init__(
        self,
        folder: Path,
        *,
        config: SamplerConfig,
        vocabulary: Vocabulary,
        options: SamplingOptions,
        learner_ranks: Ranks | None = None,
    ) -> None:
        self._config = config
        self._shapes = weight_shapes(folder)
        self._vocabulary = vocabulary
        self._options = options
        on_gpu = torch.cuda.is_available() and config.device != "cpu"
        self._sleeps = learner_ranks is not None and config.sleep and on_gpu
        self._asleep = False
        if not on_gpu:
            _keep_plain_weights()
        num_ranks = learner_ranks.size if learner_ranks else 1
        self._in_process = config.tensor_parallel == 1 or num_ranks > 1
        settings = engine_settings(folder, config, on_gpu=on_gpu, sleeps=self._sleeps, num_ranks=num_ranks)
        try:
            self._engine = LLM(**settings)
            # What a backend lacks, such as a head size, shows at the first token only.
            self._engine.generate(
                [{"prompt_token_ids": [0]}], SamplingParams(max_tokens=1, detokenize=False), use_tqdm=False
            )
        except Exception as error:
            raise startup_error(folder, error) from error
        self._max_model_len = int(self._engine.llm_engine.vllm_config.model_config.max_model_len)

    def generate(self, request: GenerationRequest) -> list[Group]:
        """One group per prompt; log-probabilities are those of the tempered sampling distribution.

        Raises:
            InputError: a prompt leaves no room for a response within the engine's length limit.
        """
        prompts, options = self._vocabulary.prompts(request), self._vocabulary.options(request, self._options)
        self._check_lengths(request.prompts, prompts, options=options)
        self._wake()
        if self._config.seeds == "rollout":
            rollouts = self._one_request_each(request, prompts, options=options)
        else:
            rollouts = self._one_request_per_prompt(request, prompts, options=options)
        if self._sleeps:
            self._engine.sleep(level=1)
            self._asleep = True
        return [
            Group(prompt=prompt, prompt_tokens=tokens, rollouts=mine)
            for prompt, tokens, mine in zip(request.prompts, prompts, rollouts, strict=True)
        ]

    def load(self, weights: Mapping[str, Any]) -> None:
        """Copy weights into the live model and forget cached prefixes, which the old weights computed.

        Raises:
            InputError: a name or shape that the engine's model lacks, or one of its own that is not given.
        """
        self._wake()
        named = checked_weights(weights, self._shapes)
        try:
            if self._in_process:
                self._engine.apply_model(lambda model: _copy(model, named))
            else:
                self._engine.collective_rpc("reload_weights", kwargs={"weights_iterator": list(named)})
        except InputError:
            raise
        except (KeyError, ValueError, AssertionError, RuntimeError, AttributeError) as error:
            raise misfit(f"{type(error).__name__}: {error}") from error
        self._engine.reset_prefix_cache()

    def close(self) -> None:
        """Free the engine's memory."""
        self._engine.llm_engine.engine_core.shutdown()

    def _wake(self) -> None:
        if self._asleep:
            if torch.cuda.is_available():
                torch.cuda.empty_cache()  # vLLM cannot have what torch keeps of an update's memory for the next one
            self._engine.wake_up()
            self._asleep = False

    def _one_request_each(
        self, request: GenerationRequest, prompts: Sequence[tuple[int, ...]], *, options: SamplingOptions
    ) -> list[tuple[Rollout, ...]]:
        """Every rollout with its own seed; prefix caching lets a prompt's rollouts share its prefill."""
        asked = [(prompt, seed) for prompt, seeds in zip(prompts, request.seeds, strict=True) for seed in seeds]
        outputs = self._engine.generate(
            [{"prompt_token_ids": list(prompt)} for prompt, _ in asked],
            [self._parameters(options, seed=seed) for _, seed in asked],
            use_tqdm=False,
        )
        done = iter([self._rollout(output.outputs[0], options) for output in outputs])
        return [tuple(next(done) for _ in range(count)) for count in request.counts]

    def _one_request_per_prompt(
        self, request: GenerationRequest, prompts: Sequence[tuple[int, ...]], *, options: SamplingOptions
    ) -> list[tuple[Rollout, ...]]:
        """``n`` rollouts per request from one generator, seeded by all seeds of the call."""
        asked = [(index, count) for index, count in enumerate(request.counts) if count]
        torch.manual_seed(derive_seed("call", *(seed for seeds in request.seeds for seed in seeds)))
        outputs = self._engine.generate(
            [{"prompt_token_ids": list(prompts[index])} for index, _ in asked],
            [self._parameters(options, n=count) for _, count in asked],
            use_tqdm=False,
        )
        rollouts: list[tuple[Rollout, ...]] = [()] * len(prompts)
        for (index, _), output in zip(asked, outputs, strict=True):
            rollouts[index] = tuple(
                self._rollout(one, options) for one in sorted(output.outputs, key=lambda one: one.index)
            )
        return rollouts

    def _parameters(self, options: SamplingOptions, *, seed: int | None = None, n: int = 1) -> SamplingParams:
        return SamplingParams(
            n=n,
            seed=seed,
            temperature=options.temperature,
            max_tokens=options.max_response_tokens,
            logprobs=0,  # of the sampled token alone
            stop_token_ids=list(options.stop_tokens or ()),
            ignore_eos=True,  # the engine's own idea of it; ours is complete
            detokenize=False,
        )

    def _rollout(self, output: Any, options: SamplingOptions) -> Rollout:  # noqa: ANN401 - vLLM's CompletionOutput
        tokens = tuple(output.token_ids)
        steps = zip(tokens, output.logprobs, strict=True)
        logprobs = [candidates[token].logprob for token, candidates in steps]
        return self._vocabulary.rollout(tokens, logprobs, stop_tokens=options.stop_tokens or ())

    def _check_lengths(
        self, prompts: Sequence[Prompt], tokens: Sequence[tuple[int, ...]], *, options: SamplingOptions
    ) -> None:
        for prompt, ids in zip(prompts, tokens, strict=True):
            needed = len(ids) + options.max_response_tokens
            if needed > self._max_model_len:
                raise InputError(
                    f"prompt {prompt.id}: {len(ids)} tokens and {options.max_response_tokens} response tokens exceed"
                    f" the engine's {self._max_model_len}; raise sampler.max_model_len to {needed} or shorten responses"
                )


def _keep_plain_weights() -> None:
    """CPU: without this linear layers keep a packed copy of the weights, which a new weight never reaches."""
    import vllm._custom_ops as custom_ops

    if not hasattr(custom_ops, "_supports_onednn"):
        raise InputError(
            "this vLLM build hides the switch that keeps its weights replaceable on a CPU; see docs/vllm.md"
        )
    custom_ops._supports_onednn = False  # noqa: SLF001


def _copy(model: Any, weights: Iterable[tuple[str, Any]]) -> None:  # noqa: ANN401 - a model class of vLLM's
    loaded = set(model.load_weights(weights))
    missing = sorted({name for name, _ in model.named_parameters()} - loaded)
    if missing:
        raise KeyError(missing[0])
