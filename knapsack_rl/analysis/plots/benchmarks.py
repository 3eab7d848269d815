"""Figure: held-out accuracy per benchmark at the end of training."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from knapsack_rl.analysis.benchmarks import AVERAGE, SCORES, base_accuracy, benchmark_scores, final_scores
from knapsack_rl.analysis.frames import CELL_KEYS, StudyFrames
from knapsack_rl.analysis.plots.style import (
    ArmStyle,
    arm_styles,
    cell_title,
    cells_of,
    in_cell,
    legend_above,
    panel_grid,
    tidy_axes,
)
from knapsack_rl.analysis.stats import mean_interval

GROUP_WIDTH = 0.8
"""Share of the distance between two benchmarks that their bars take."""


@dataclass(frozen=True, slots=True)
class _Slots:
    """Where the bars stand."""

    centers: dict[str, float]
    """Benchmark to the middle of its group; the average stands apart."""
    styles: dict[str, ArmStyle]

    @property
    def bar_width(self) -> float:
        return GROUP_WIDTH / len(self.styles)

    def position(self, benchmark: str, arm: str) -> float:
        rank = list(self.styles).index(arm)
        return self.centers[benchmark] + (rank - (len(self.styles) - 1) / 2) * self.bar_width


def draw_benchmarks(frames: StudyFrames) -> Figure:
    """avg@k and pass@k per benchmark and their average, at the last checkpoint all runs of a cell share.

    Rows: model and budget N. Bars: means over seeds with 95% t-intervals (none below three seeds); dots: seeds; black
    line: the base model (step 0).
    """
    scores = benchmark_scores(frames.evals)
    final, cells = final_scores(scores), cells_of(frames.evals)
    names = [name for name in scores["benchmark"].unique() if name != AVERAGE]
    centers = {name: float(rank) for rank, name in enumerate(names)} | {AVERAGE: len(names) + 0.35}
    slots = _Slots(centers, arm_styles(list(frames.steps["arm"].unique())))
    k = int(scores["k"].iloc[0])
    panel = (max(3.2, 0.62 * len(centers) + 1.4), 2.0)
    figure, axes = panel_grid(len(cells), 2, sharex=True, sharey="col", panel=panel)
    for column, (score, title) in enumerate({"avg_at_k": f"avg@{k}", "pass_at_k": f"pass@{k}"}.items()):
        base = base_accuracy(scores, score=score)
        for row, cell in enumerate(cells):
            _draw_panel(axes[row, column], in_cell(final, cell), score=score, slots=slots)
            _draw_base(axes[row, column], in_cell(base, cell), score=score, slots=slots)
            if column == 0:
                axes[row, column].set_ylabel(f"{cell_title(frames.steps, cell)}\naccuracy")
        axes[0, column].set_title(title)
        axes[0, column].set_ylim(bottom=0)
    base_line = Line2D([], [], color="black", linewidth=1.4, label="base model")
    dot = Line2D([], [], color="#333333", marker="o", linestyle="", markersize=3, label="one seed")
    bars = [Line2D([], [], color=s.color, linewidth=7, label=arm) for arm, s in slots.styles.items()]
    legend_above(figure, [*bars, base_line, dot])
    tidy_axes(axes)
    return figure


def benchmark_points(frames: StudyFrames) -> pd.DataFrame:
    """What the figure shows: the score of every run (dots) and of the base model (line) on every benchmark."""
    scores = benchmark_scores(frames.evals)
    keys = [*CELL_KEYS, "arm", "seed", "step", "benchmark", "k", *SCORES]
    base = base_accuracy(scores).merge(base_accuracy(scores, score="pass_at_k"), on=[*CELL_KEYS, "benchmark"])
    base = base.assign(arm="base model", step=0, k=scores["k"].iloc[0])
    return pd.concat([final_scores(scores)[keys], base], ignore_index=True)[keys].astype({"seed": "Int64"})


def _draw_panel(ax: Axes, final: pd.DataFrame, *, score: str, slots: _Slots) -> None:
    for benchmark, arm in final[["benchmark", "arm"]].drop_duplicates().itertuples(index=False, name=None):
        seeds = final[(final["benchmark"] == benchmark) & (final["arm"] == arm)]
        values = seeds.groupby("seed")[score].mean().to_numpy()
        found = mean_interval(values)
        at, color = slots.position(benchmark, arm), slots.styles[arm].color
        ax.bar(at, found.mean, width=slots.bar_width * 0.92, color=color, alpha=0.75, linewidth=0)
        if np.isfinite(found.low):
            half = found.mean - found.low
            ax.errorbar(at, found.mean, yerr=half, color="#222222", capsize=2.5, linewidth=1.0)
        spread = np.linspace(-0.22, 0.22, values.size) if values.size > 1 else np.zeros(1)
        ax.plot(at + spread * slots.bar_width, values, "o", color="#222222", markersize=2.4, alpha=0.8)
    ax.set_xticks(list(slots.centers.values()), list(slots.centers), rotation=20, ha="right", rotation_mode="anchor")
    ax.grid(visible=False, axis="x")


def _draw_base(ax: Axes, base: pd.DataFrame, *, score: str, slots: _Slots) -> None:
    for row in base.itertuples(index=False):
        center, value = slots.centers[str(row.benchmark)], getattr(row, score)
        ax.hlines(value, center - 0.46, center + 0.46, color="black", linewidth=1.4, zorder=3)
