"""Is everything there that a study needs, before anything is trained or downloaded?"""

from knapsack_rl.preflight.finding import Finding
from knapsack_rl.preflight.machine import Machine
from knapsack_rl.preflight.run import check_study

__all__ = ["Finding", "Machine", "check_study"]
