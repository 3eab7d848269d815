"""Make a base model of a study from demonstrations."""

from knapsack_rl.pretrain.base_model import pretrain

__all__ = ["pretrain"]
