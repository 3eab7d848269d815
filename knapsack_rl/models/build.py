"""Small Qwen3-architecture models with a character tokenizer, made from nothing."""

from collections.abc import Sequence

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from knapsack_rl.config import BuildConfig
from knapsack_rl.tasks import UNKNOWN

PAD = "<pad>"
MAX_POSITIONS = 256


def build_tokenizer(vocabulary: Sequence[str]) -> PreTrainedTokenizerFast:
    """Tokenizer with one token per character; the last entry of ``vocabulary`` is the end-of-sequence token.

    A character outside the vocabulary is an error on encoding, not a silent token, unless the vocabulary has one for
    such characters (``UNKNOWN``).
    """
    ids = {PAD: 0} | {character: index for index, character in enumerate(vocabulary, start=1)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=UNKNOWN if UNKNOWN in ids else None))
    every = r"[\s\S]" if "\n" in ids else "."  # a point is no line break
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(every), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, eos_token=vocabulary[-1])


def build_model(config: BuildConfig, tokenizer: PreTrainedTokenizerFast) -> Qwen3ForCausalLM:
    """Randomly initialised float32 Qwen3 model (tied embeddings) for the tokenizer's vocabulary.

    Initial weights depend on ``config.seed`` alone; torch's global generator is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return Qwen3ForCausalLM(
            Qwen3Config(
                vocab_size=len(tokenizer),
                hidden_size=config.hidden_size,
                intermediate_size=config.intermediate_size or 3 * config.hidden_size,
                num_hidden_layers=config.num_layers,
                num_attention_heads=config.num_heads,
                num_key_value_heads=config.num_heads,
                head_dim=config.hidden_size // config.num_heads,
                max_position_embeddings=MAX_POSITIONS,
                tie_word_embeddings=True,
                pad_token_id=tokenizer.pad_token_id,
                eos_token_id=tokenizer.eos_token_id,
                bos_token_id=None,
                dtype="float32",
            )
        )
