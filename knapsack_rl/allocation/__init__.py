"""Allocation: how many rollouts each prompt of a step gets. May import beliefs, base, numpy and scipy.

``value`` and ``value_table`` say what N rollouts are worth, ``solver`` finds the best counts, ``strategies`` holds one
small file per rule, ``registry`` their names;
``theorem`` and ``grids`` are the paper's theory as numbers. A strategy is a pure function of
beliefs, request, its own state and a random generator. ``docs/adding_a_strategy.md`` shows how to write one.
"""

from knapsack_rl.allocation.ledger import Ledger, Spent
from knapsack_rl.allocation.oneshot import allocate, run_strategy
from knapsack_rl.allocation.registry import (
    Method,
    build_method,
    build_strategy,
    check_strategy,
    default_belief,
    method_names,
    strategy_names,
)
from knapsack_rl.allocation.rounds import Draw, Drawn, Kept, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.session import OneRound, Session
from knapsack_rl.allocation.solver import solve
from knapsack_rl.allocation.strategy import AllocationRequest, Outcome, Strategy
from knapsack_rl.allocation.value_table import VALUES, value_names

__all__ = [
    "VALUES",
    "AllocationRequest",
    "Draw",
    "Drawn",
    "Kept",
    "Ledger",
    "Method",
    "OneRound",
    "Outcome",
    "Rounds",
    "SequentialMethod",
    "Session",
    "Spent",
    "StepContext",
    "Strategy",
    "Update",
    "allocate",
    "build_method",
    "build_strategy",
    "check_strategy",
    "default_belief",
    "method_names",
    "run_strategy",
    "solve",
    "strategy_names",
    "value_names",
]
