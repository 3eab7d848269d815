"""Floor 1c: a study becomes runs. Checks names and options against the registries; may import ``allocation``."""

from knapsack_rl.study.expand import expand, expand_one
from knapsack_rl.study.totals import step_totals

__all__ = ["expand", "expand_one", "step_totals"]
