"""Rollout-budget allocation for GRPO: reproduce, check and extend Knapsack RL (arXiv 2509.25849).

Importing this package imports none of its packages; each package says in its docstring what it may import.
"""

__version__ = "0.1.0"
