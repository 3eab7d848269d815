"""Shared fixtures: one real, tiny, randomly initialised model for all torch tests."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


@pytest.fixture(scope="session")
def tiny_model_folder(tmp_path_factory):
    """A saved, randomly initialised Qwen3 of the arithmetic vocabulary (9 k parameters)."""
    import torch

    from knapsack_rl.config import BuildConfig
    from knapsack_rl.models import build_model, build_tokenizer, save_model
    from knapsack_rl.tasks import build_task

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("model") / "tiny"
    tokenizer = build_tokenizer(build_task("arithmetic", {}, seed=0).vocabulary())
    model = build_model(BuildConfig(hidden_size=32, num_layers=2, num_heads=2, seed=3), tokenizer)
    save_model(folder, model, tokenizer=tokenizer)
    return folder


@pytest.fixture(scope="session")
def math_data():
    """Folder of real math sets (see docs/data.md), beside the repository or named by KNAPSACK_RL_MATH_DATA."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("KNAPSACK_RL_MATH_DATA", beside))
    if not (folder / "bench" / "aime24.jsonl").is_file():
        pytest.skip(f"no math sets at {folder}; name their folder by KNAPSACK_RL_MATH_DATA")
    return folder


@pytest.fixture(scope="session")
def make_chat_model():
    """``make(folder, "qwen2", texts)``: a random model with a tokenizer trained on the texts and a chat template."""
    return lambda folder, kind, texts, **sizes: _save_chat_model(folder, kind, _chat_tokenizer(texts), **sizes)


def _chat_tokenizer(texts):
    """Byte-level BPE trained on ``texts``, dressed as Qwen's."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=1000, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator(texts, trainer)
    made = PreTrainedTokenizerFast(tokenizer_object=core, eos_token=SPECIAL[0], pad_token=SPECIAL[0])
    made.chat_template = CHATML
    return made


def _save_chat_model(folder, kind, tokenizer, *, head_dim=8, max_position_embeddings=4096):
    """A random model of the family with two heads."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from knapsack_rl.models import save_model

    config = AutoConfig.for_model(
        kind,
        vocab_size=len(tokenizer),
        hidden_size=2 * head_dim,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=head_dim,
        max_position_embeddings=max_position_embeddings,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        save_model(folder, AutoModelForCausalLM.from_config(config), tokenizer=tokenizer)
