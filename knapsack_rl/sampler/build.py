"""From configuration to a sampler, for training and for evaluation. Heavy imports happen here, on use."""

from pathlib import Path

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.ranks import Ranks
from knapsack_rl.base.types import SamplingOptions
from knapsack_rl.config import PromptConfig, SamplerConfig
from knapsack_rl.sampler.protocol import Sampler


def build_sampler(
    folder: Path,
    *,
    config: SamplerConfig,
    prompt: PromptConfig,
    options: SamplingOptions,
    dtype: str = "float32",
    learner_ranks: Ranks | None = None,
) -> Sampler:
    """The configured engine with the model in ``folder``.

    Args:
        folder: model in the transformers layout.
        config: which engine, and what it may use.
        prompt: how a problem becomes a prompt.
        options: temperature and length limit.
        dtype: precision of the transformers engine, by torch's name; vLLM's is in ``config``.
        learner_ranks: the ranks of a learner that lives on the same devices, so the engine makes room between sampling
            phases; each rank has an engine of its own. None: no learner.

    Raises:
        ConfigError, InputError: the engine, the GPU or the model is missing or unfit; one line says which.
    """
    import torch

    from knapsack_rl.models import load_model, load_tokenizer, pick_device, prompt_encoder, stop_tokens
    from knapsack_rl.sampler.vocabulary import Vocabulary

    on_gpu = _on_gpu(config, found=torch.cuda.is_available())
    tokenizer = load_tokenizer(folder)
    vocabulary = Vocabulary(
        tokenizer=tokenizer,
        encode=prompt_encoder(tokenizer, prompt),
        stop_tokens=stop_tokens(tokenizer, folder, prompt=prompt),
    )
    if config.kind == "vllm":
        from knapsack_rl.sampler.vllm_engine import VLLMSampler

        return VLLMSampler(folder, config=config, vocabulary=vocabulary, options=options, learner_ranks=learner_ranks)
    model = load_model(folder, dtype=getattr(torch, dtype), device=pick_device(config.device))
    if on_gpu:
        from knapsack_rl.sampler.continuous import ContinuousSampler

        return ContinuousSampler(model, vocabulary=vocabulary, options=options, memory_fraction=config.memory_fraction)
    from knapsack_rl.sampler.hf_engine import HFSampler

    stops, rows = vocabulary.stop_tokens, config.max_rows
    return HFSampler(model, tokenizer, options=options, encode=vocabulary.encode, stop_tokens=stops, max_rows=rows)


def _on_gpu(config: SamplerConfig, *, found: bool) -> bool:
    if config.device == "cuda" and not found:
        raise ConfigError("sampler.device: 'cuda', but torch sees no GPU here; use `auto` or `cpu`, or another machine")
    return found and config.device != "cpu"
