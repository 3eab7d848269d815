"""Floor 2a: models and their tokenizers on disk, in the transformers layout (torch, transformers)."""

from knapsack_rl.models.build import build_model, build_tokenizer
from knapsack_rl.models.load import load_model, load_tokenizer, save_model

__all__ = ["build_model", "build_tokenizer", "load_model", "load_tokenizer", "save_model"]
