"""A study without a model, only latent success rates that drift with training. numpy; imports `study` and below.

``pools`` states the prompts, ``world`` their latent rates and how training moves them, ``prompts`` what they look like
from outside, ``run`` a whole run of a strategy with a belief, ``classes`` who got its rollouts, ``judged`` how good its
beliefs were, ``estimation`` what estimation error costs. ``knowledge`` tells the trainer's own trackers
what was drawn.
"""

from knapsack_rl.simulation.pools import POOLS, Pool, draw_rates, find_pool
from knapsack_rl.simulation.run import Simulation, SimulationSpec, simulate
from knapsack_rl.simulation.world import Drift, World

__all__ = [
    "POOLS",
    "Drift",
    "Pool",
    "Simulation",
    "SimulationSpec",
    "World",
    "draw_rates",
    "find_pool",
    "simulate",
]
