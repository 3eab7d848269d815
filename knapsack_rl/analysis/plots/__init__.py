"""One module per figure: tidy frames in, a matplotlib figure out, no files.

``FIGURES`` names the figures, ``FIGURE_DATA`` what each of them shows, which is written beside it as CSV.
"""

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from knapsack_rl.analysis.belief_quality import beliefs_points
from knapsack_rl.analysis.budgets import budget_points
from knapsack_rl.analysis.concentration import concentration_points
from knapsack_rl.analysis.difficulty import transitions_table
from knapsack_rl.analysis.drift import drift_table
from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.gradient_split import gradient_split_points
from knapsack_rl.analysis.plots.allocation import allocation_points, draw_allocation
from knapsack_rl.analysis.plots.beliefs import draw_beliefs
from knapsack_rl.analysis.plots.benchmarks import benchmark_points, draw_benchmarks
from knapsack_rl.analysis.plots.budgets import draw_budgets
from knapsack_rl.analysis.plots.compute_curves import curve_points, draw_compute_curves
from knapsack_rl.analysis.plots.concentration import draw_concentration
from knapsack_rl.analysis.plots.drift import draw_drift
from knapsack_rl.analysis.plots.forest import draw_forest, forest_points
from knapsack_rl.analysis.plots.gradient_split import draw_gradient_split
from knapsack_rl.analysis.plots.save import save, save_data
from knapsack_rl.analysis.plots.style import house_style
from knapsack_rl.analysis.plots.transitions import draw_transitions
from knapsack_rl.analysis.plots.value_curves import draw_theorem, draw_value_contour
from knapsack_rl.analysis.plots.zero_gradient import draw_zero_gradient, zero_gradient_points
from knapsack_rl.analysis.theory import theorem_points, value_points

FIGURES: dict[str, Callable[[StudyFrames], Figure]] = {
    "forest": draw_forest,
    "zero_gradient": draw_zero_gradient,
    "compute_curves": draw_compute_curves,
    "benchmarks": draw_benchmarks,
    "allocation": draw_allocation,
    "gradient_split": draw_gradient_split,
    "budgets": draw_budgets,
    "concentration": draw_concentration,
    "transitions": draw_transitions,
    "beliefs": draw_beliefs,
    "drift": draw_drift,
    "theorem": lambda frames: draw_theorem(theorem_points(frames)),
    "value": lambda frames: draw_value_contour(value_points(frames)),
}
"""Every figure by name; the names are those of ``records.products.FIGURE_NAMES``. Draw inside ``house_style()``."""

FIGURE_DATA: dict[str, Callable[[StudyFrames], pd.DataFrame]] = {
    "forest": forest_points,
    "zero_gradient": zero_gradient_points,
    "compute_curves": curve_points,
    "benchmarks": benchmark_points,
    "allocation": allocation_points,
    "gradient_split": gradient_split_points,
    "budgets": budget_points,
    "concentration": concentration_points,
    "transitions": transitions_table,
    "beliefs": beliefs_points,
    "drift": drift_table,
    "theorem": theorem_points,
    "value": value_points,
}
"""What every figure shows, under the names of ``FIGURES``: one row per point, line or shade."""

__all__ = ["FIGURES", "FIGURE_DATA", "house_style", "save", "save_data"]
