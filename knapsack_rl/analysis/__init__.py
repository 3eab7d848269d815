"""Floor 2a: what the records of a study say. pandas, scipy, matplotlib and seaborn; may import floors 0-1; never torch.

``collect`` turns records into tidy ``frames``; ``zero_gradient``, ``benchmarks``, ``compute`` and ``differences`` are
functions of those, with the intervals of ``stats``; ``tables`` and ``plots`` are what a reader sees; ``products`` ties
them to files. Intervals are over seeds; a difference that lies inside its interval is called that.
"""

from knapsack_rl.analysis.compare import compare_arms
from knapsack_rl.analysis.frames import StudyFrames, load_analysis
from knapsack_rl.analysis.products import analyse, draw_figures, write_result_tables
from knapsack_rl.records.products import FIGURE_NAMES, TABLE_NAMES

__all__ = [
    "FIGURE_NAMES",
    "TABLE_NAMES",
    "StudyFrames",
    "analyse",
    "compare_arms",
    "draw_figures",
    "load_analysis",
    "write_result_tables",
]
