"""Rollout-budget allocation for GRPO: reproduce, check and extend Knapsack RL (arXiv 2509.25849).

The names of ``PUBLIC`` are the public Python API: ``from knapsack_rl import allocate``. Importing this package imports
none of its subpackages; a name brings its own when it is first used. Types are in ``__init__.pyi``.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

PUBLIC = {
    "allocate": "knapsack_rl.allocation",
    "strategy_names": "knapsack_rl.allocation",
    "Strategy": "knapsack_rl.allocation",
    "AllocationRequest": "knapsack_rl.allocation",
    "solve": "knapsack_rl.allocation",
    "Unknown": "knapsack_rl.base.belief",
    "Point": "knapsack_rl.base.belief",
    "Beta": "knapsack_rl.base.belief",
    "KnapsackError": "knapsack_rl.base.errors",
    "BeliefArrays": "knapsack_rl.beliefs",
    "Tracker": "knapsack_rl.beliefs",
    "build_tracker": "knapsack_rl.beliefs",
    "tracker_names": "knapsack_rl.beliefs",
    "group_advantages": "knapsack_rl.grpo",
    "effective_ratios": "knapsack_rl.grpo",
    "Drift": "knapsack_rl.simulation",
    "Simulation": "knapsack_rl.simulation",
    "SimulationSpec": "knapsack_rl.simulation",
    "find_pool": "knapsack_rl.simulation",
    "simulate": "knapsack_rl.simulation",
    "StudyFrames": "knapsack_rl.analysis.frames.study",
    "load_analysis": "knapsack_rl.analysis.frames.study",
    "analyse": "knapsack_rl.analysis.make",
    "write_result_tables": "knapsack_rl.analysis.make",
    "draw_figures": "knapsack_rl.analysis.make",
    "compare_arms": "knapsack_rl.analysis.products.differences",
    "claims_of": "knapsack_rl.analysis.claims.table",
    "step_ratios": "knapsack_rl.analysis.frames.step_facts",
}
"""Public names and the subpackage of each."""

__all__ = ["PUBLIC", "__version__", *PUBLIC]  # noqa: PLE0604 - all of them are strings


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as PEP 562 has it
    """Import what a public name needs when it is first used; a missing extra is one line that names it."""
    if name not in PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(PUBLIC[name]), name)
    except ModuleNotFoundError as error:
        from knapsack_rl.base.extras import explained

        raise explained(error) or error from None


def __dir__() -> list[str]:
    return sorted({*globals(), *PUBLIC})
