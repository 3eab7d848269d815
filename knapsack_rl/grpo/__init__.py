"""The arithmetic of GRPO on ragged groups (numpy). May import ``base`` only.

One definition of a zero-gradient group lives here; the trainer and every analysis import it.
"""

from knapsack_rl.grpo.advantage import ADVANTAGES, Advantage, group_advantages
from knapsack_rl.grpo.aggregation import AGGREGATIONS, token_weights
from knapsack_rl.grpo.groups import all_correct, all_wrong, effective_ratios, has_gradient, mixed
from knapsack_rl.grpo.minibatch import cut_mini_batches

__all__ = [
    "ADVANTAGES",
    "AGGREGATIONS",
    "Advantage",
    "all_correct",
    "all_wrong",
    "cut_mini_batches",
    "effective_ratios",
    "group_advantages",
    "has_gradient",
    "mixed",
    "token_weights",
]
