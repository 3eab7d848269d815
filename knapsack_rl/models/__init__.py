"""Models and their tokenizers on disk, in the transformers layout (torch, transformers)."""

import knapsack_rl.models._lean  # noqa: F401 - before anything of transformers
from knapsack_rl.models.build import build_model, build_tokenizer
from knapsack_rl.models.device import pick_device
from knapsack_rl.models.fit import check_memory
from knapsack_rl.models.load import load_model, load_tokenizer, save_model
from knapsack_rl.models.meta import weight_shapes
from knapsack_rl.models.prompts import Encode, prompt_encoder, stop_tokens
from knapsack_rl.models.responses import response_text

__all__ = [
    "Encode",
    "build_model",
    "build_tokenizer",
    "check_memory",
    "load_model",
    "load_tokenizer",
    "pick_device",
    "prompt_encoder",
    "response_text",
    "save_model",
    "stop_tokens",
    "weight_shapes",
]
