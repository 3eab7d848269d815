from typing import Final

from knapsack_rl.allocation import AllocationRequest as AllocationRequest
from knapsack_rl.allocation import Strategy as Strategy
from knapsack_rl.allocation import allocate as allocate
from knapsack_rl.allocation import solve as solve
from knapsack_rl.allocation import strategy_names as strategy_names
from knapsack_rl.analysis.claims.table import claims_of as claims_of
from knapsack_rl.analysis.frames.step_facts import step_ratios as step_ratios
from knapsack_rl.analysis.frames.study import StudyFrames as StudyFrames
from knapsack_rl.analysis.frames.study import load_analysis as load_analysis
from knapsack_rl.analysis.make import analyse as analyse
from knapsack_rl.analysis.make import draw_figures as draw_figures
from knapsack_rl.analysis.make import write_result_tables as write_result_tables
from knapsack_rl.analysis.products.differences import compare_arms as compare_arms
from knapsack_rl.base.belief import Beta as Beta
from knapsack_rl.base.belief import Point as Point
from knapsack_rl.base.belief import Unknown as Unknown
from knapsack_rl.base.errors import KnapsackError as KnapsackError
from knapsack_rl.beliefs import BeliefArrays as BeliefArrays
from knapsack_rl.beliefs import Tracker as Tracker
from knapsack_rl.beliefs import build_tracker as build_tracker
from knapsack_rl.beliefs import tracker_names as tracker_names
from knapsack_rl.grpo import effective_ratios as effective_ratios
from knapsack_rl.grpo import group_advantages as group_advantages
from knapsack_rl.simulation import Drift as Drift
from knapsack_rl.simulation import Simulation as Simulation
from knapsack_rl.simulation import SimulationSpec as SimulationSpec
from knapsack_rl.simulation import find_pool as find_pool
from knapsack_rl.simulation import simulate as simulate

__version__: Final[str]
PUBLIC: Final[dict[str, str]]
