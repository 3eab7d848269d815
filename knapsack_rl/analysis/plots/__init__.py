"""One module per figure: tidy frames in, a matplotlib figure out, no files. ``FIGURES`` names them."""

from collections.abc import Callable

from matplotlib.figure import Figure

from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.plots.allocation import draw_allocation
from knapsack_rl.analysis.plots.benchmarks import draw_benchmarks
from knapsack_rl.analysis.plots.compute_curves import draw_compute_curves
from knapsack_rl.analysis.plots.save import save
from knapsack_rl.analysis.plots.style import house_style
from knapsack_rl.analysis.plots.zero_gradient import draw_zero_gradient

FIGURES: dict[str, Callable[[StudyFrames], Figure]] = {
    "zero_gradient": draw_zero_gradient,
    "compute_curves": draw_compute_curves,
    "benchmarks": draw_benchmarks,
    "allocation": draw_allocation,
}
"""Every figure by name; the names are those of ``records.products.FIGURE_NAMES``. Draw inside ``house_style()``."""

__all__ = ["FIGURES", "house_style", "save"]
