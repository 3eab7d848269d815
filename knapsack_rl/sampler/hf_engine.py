"""Sampling with a transformers model: prefill once per prompt, decode all rollouts together, drop finished rows.

Random numbers are derived per rollout, so a rollout does not depend on which other rollouts share its batch
(up to float rounding of the matrix products).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerBase

from knapsack_rl.base.types import GenerationRequest, Group, Rollout, StopReason
from knapsack_rl.sampler.decoding import Batch, decode

MAX_ROWS = 1024
"""Rollouts decoded together; bounds the key-value cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingOptions:
    """Sampling distribution and length limit."""

    temperature: float
    max_response_tokens: int


class HFSampler:
    """Sampler over a causal language model held in this process.

    Args:
        model: the model; only its weights change, through ``load``.
        tokenizer: its tokenizer; the end-of-sequence token stops a rollout.
        options: temperature and length limit.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, options: SamplingOptions) -> None:
        self._model = model.eval()
        self._tokenizer = tokenizer
        self._options = options

    def generate(self, request: GenerationRequest) -> list[Group]:
        """One group per prompt; log-probabilities are those of the tempered sampling distribution."""
        prompts = [tuple(self._tokenizer(prompt.text)["input_ids"]) for prompt in request.prompts]
        rollouts: list[list[Rollout]] = [[] for _ in prompts]
        for rows in _chunks(request.counts):
            for owner, rollout in zip(rows, self._decode(rows, prompts, request=request), strict=True):
                rollouts[owner[0]].append(rollout)
        return [
            Group(prompt=prompt, prompt_tokens=tokens, rollouts=tuple(mine))
            for prompt, tokens, mine in zip(request.prompts, prompts, rollouts, strict=True)
        ]

    def load(self, weights: Mapping[str, Any]) -> None:
        """Copy weights by name; a missing or unexpected name is an error, never skipped."""
        self._model.load_state_dict(dict(weights), strict=True)

    @torch.inference_mode()
    def _decode(
        self, rows: Sequence[tuple[int, int]], prompts: Sequence[tuple[int, ...]], *, request: GenerationRequest
    ) -> list[Rollout]:
        length = self._options.max_response_tokens
        seeds = [request.seeds[prompt][index] for prompt, index in rows]
        noise = np.stack([np.random.default_rng(seed).random(length) for seed in seeds])
        batch = self._prefill([prompt for prompt, _ in rows], prompts)
        tokens, logprobs = decode(
            self._model,
            batch,
            noise_BT=torch.from_numpy(noise).to(batch.logits_BV.device),
            temperature=self._options.temperature,
            stop_token=self._tokenizer.eos_token_id,
        )
        return [self._rollout(*pair) for pair in zip(tokens, logprobs, strict=True)]

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
        cache = DynamicCache()
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        output = self._model(
            ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=1
        )
        repeat = torch.tensor([used.index(index) for index in owner_B], device=device)
        cache.batch_select_indices(repeat)
        return Batch(cache=cache, mask_BS=mask[repeat], logits_BV=output.logits[repeat, -1])

    def _rollout(self, tokens: list[int], logprobs: list[float]) -> Rollout:
        stopped = tokens[-1] == self._tokenizer.eos_token_id
        return Rollout(
            tokens=tuple(tokens),
            logprobs=tuple(logprobs),
            text=self._tokenizer.decode(tokens, skip_special_tokens=True),
            stop=StopReason.EOS if stopped else StopReason.LENGTH,
        )


def _chunks(counts: Sequence[int]) -> list[list[tuple[int, int]]]:
    """All (prompt, rollout index) pairs in order, cut into chunks of at most ``MAX_ROWS``."""
    rows = [(prompt, index) for prompt, count in enumerate(counts) for index in range(count)]
    return [rows[start : start + MAX_ROWS] for start in range(0, len(rows), MAX_ROWS)]
