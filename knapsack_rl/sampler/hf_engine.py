"""Sampling with a transformers model: prefill once per prompt, decode all rollouts together, drop finished rows.

Random numbers are derived per rollout, so a rollout does not depend on which other rollouts share its batch
(up to float rounding of the matrix products).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from knapsack_rl.base.types import GenerationRequest, Group, Rollout, SamplingOptions, StopReason
from knapsack_rl.config import SamplerConfig
from knapsack_rl.models import response_text
from knapsack_rl.sampler.cache import new_cache, use_decoding_attention
from knapsack_rl.sampler.decoding import Batch, decode
from knapsack_rl.sampler.weights import copy_weights

MAX_ROWS = SamplerConfig().max_rows
"""Rollouts decoded together, if nothing else is asked for."""


class HFSampler:
    """Sampler over a causal language model held in this process.

    Args:
        model: the model; only its weights change, through ``load``.
        tokenizer: its tokenizer, which decodes responses.
        options: temperature and length limit of requests that bring none.
        encode: token ids of the prompt made of a problem's text; the tokenizer on the bare text if left out.
        stop_tokens: ids that end a rollout; the tokenizer's end of sequence if left out.
        max_rows: rollouts decoded together; bounds the key-value cache.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        options: SamplingOptions,
        encode: Callable[[str], Sequence[int]] | None = None,
        stop_tokens: Sequence[int] | None = None,
        max_rows: int = MAX_ROWS,
    ) -> None:
        self._model = model.eval()
        use_decoding_attention(model)
        self._max_rows = max_rows
        self._tokenizer = tokenizer
        self._options = options
        self._encode = encode or (lambda text: tokenizer(text)["input_ids"])
        self._stop_tokens = tuple(stop_tokens or (tokenizer.eos_token_id,))

    def generate(self, request: GenerationRequest) -> list[Group]:
        """One group per prompt; log-probabilities are those of the tempered sampling distribution."""
        prompts = request.prompt_tokens or [tuple(self._encode(prompt.text)) for prompt in request.prompts]
        rollouts: list[list[Rollout]] = [[] for _ in prompts]
        for rows in _chunks(request.counts, size=self._max_rows):
            for owner, rollout in zip(rows, self._decode(rows, prompts, request=request), strict=True):
                rollouts[owner[0]].append(rollout)
        return [
            Group(prompt=prompt, prompt_tokens=tokens, rollouts=tuple(mine))
            for prompt, tokens, mine in zip(request.prompts, prompts, rollouts, strict=True)
        ]

    def load(self, weights: Mapping[str, Any]) -> None:
        """Copy weights by name; a missing or unexpected name is an error, never skipped."""
        copy_weights(self._model, weights)

    @torch.inference_mode()
    def _decode(
        self, rows: Sequence[tuple[int, int]], prompts: Sequence[tuple[int, ...]], *, request: GenerationRequest
    ) -> list[Rollout]:
        options = request.options or self._options
        length, stops = options.max_response_tokens, options.stop_tokens or self._stop_tokens
        seeds = [request.seeds[prompt][index] for prompt, index in rows]
        noise = np.stack([np.random.default_rng(seed).random(length) for seed in seeds])
        batch = self._prefill([prompt for prompt, _ in rows], prompts)
        tokens, logprobs = decode(
            self._model,
            batch,
            noise_BT=torch.from_numpy(noise).to(batch.logits_BV.device),
            temperature=options.temperature,
            stop_tokens=stops,
        )
        return [self._rollout(*pair, stops=stops) for pair in zip(tokens, logprobs, strict=True)]

    def _prefill(self, owner_B: Sequence[int], prompts: Sequence[tuple[int, ...]]) -> Batch:
        """Run each distinct prompt once (left-padded), then repeat its cache for each of its rollouts."""
        used = sorted(set(owner_B))
        width = max(len(prompts[index]) for index in used)
        device = self._model.device
        ids = torch.full((len(used), width), self._tokenizer.pad_token_id or 0, device=device)
        mask = torch.zeros((len(used), width), dtype=torch.long, device=device)
        for row, index in enumerate(used):
            ids[row, width - len(prompts[index]) :] = torch.tensor(prompts[index], device=device)
            mask[row, width - len(prompts[index]) :] = 1
        cache = new_cache()
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        output = self._model(
            ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=1
        )
        repeat = torch.tensor([used.index(index) for index in owner_B], device=device)
        cache.batch_select_indices(repeat)
        return Batch(cache=cache, mask_BS=mask[repeat], logits_BV=output.logits[repeat, -1])

    def _rollout(self, tokens: list[int], logprobs: list[float], *, stops: Sequence[int]) -> Rollout:
        stopped = tokens[-1] in stops
        return Rollout(
            tokens=tuple(tokens),
            logprobs=tuple(logprobs),
            text=response_text(self._tokenizer, tokens),
            stop=StopReason.EOS if stopped else StopReason.LENGTH,
        )


def _chunks(counts: Sequence[int], *, size: int) -> list[list[tuple[int, int]]]:
    """All (prompt, rollout index) pairs in order, cut into chunks of at most ``size``."""
    rows = [(prompt, index) for prompt, count in enumerate(counts) for index in range(count)]
    return [rows[start : start + size] for start in range(0, len(rows), size)]
