"""Pictures of an audit: what carried a gradient over training, what uneven budgets gain, who would get the rollouts."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter
from matplotlib.typing import LineStyleType

from knapsack_rl.analysis.drawing.around import legend_above
from knapsack_rl.analysis.drawing.looks import arm_looks
from knapsack_rl.analysis.drawing.style import BAND_ALPHA, REFERENCE, panel_grid, tidy_axes
from knapsack_rl.audit import Audit, Estimate, Gain, Replayed
from knapsack_rl.audit.result import LABELS

SHARES: dict[str, tuple[str, str, LineStyleType]] = {
    "ratio_rollouts": ("rollouts with a gradient", "#D55E00", "-"),
    "ratio_prompts": ("prompts with a gradient", "#0072B2", "-"),
    "all_right": ("prompts all right", "#009E73", "--"),
    "all_wrong": ("prompts all wrong", "#882255", "--"),
}
"""Field of `Window` to label, colour and line."""
MEASURES: dict[str, Callable[[Gain], Estimate]] = {
    "value (%)": lambda gain: gain.value,
    "prompts with a gradient\n(points)": lambda gain: gain.prompts,
}


def draw_training(found: Audit) -> Figure:
    """The four shares over windows of steps, with their intervals."""
    figure, axes = panel_grid(1, 1, height=1.7)
    ax = axes[0, 0]
    middle = [(window.first_step + window.last_step) / 2 for window in found.windows]
    for name, (label, color, line) in SHARES.items():
        estimates: list[Estimate] = [getattr(window, name) for window in found.windows]
        ax.plot(middle, [each.value for each in estimates], color=color, linestyle=line, marker="o", label=label)
        ends = ([each.low for each in estimates], [each.high for each in estimates])
        ax.fill_between(middle, *ends, color=color, alpha=BAND_ALPHA, linewidth=0)
    ax.set(xlabel="step", ylim=(0, 1))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    tidy_axes(axes)
    legend_above(
        figure, [Line2D([], [], color=color, linestyle=line, label=label) for label, color, line in SHARES.values()]
    )
    return figure


def draw_gains(judged: Sequence[Replayed]) -> Figure:
    """Gains over equal counts, a row per strategy."""
    figure, axes = panel_grid(1, len(MEASURES), height=0.5 + 0.22 * len(judged), sharey=True)
    looks = arm_looks({each.strategy: each.strategy for each in judged})
    for ax, (label, of) in zip(axes[0], MEASURES.items(), strict=True):
        for place, each in enumerate(judged):
            assert each.gain is not None  # noqa: S101 - those that are judged have one
            estimate, color = of(each.gain), looks[each.strategy].color
            ax.plot([100 * estimate.low, 100 * estimate.high], [place, place], color=color)
            ax.plot([100 * estimate.value], [place], color=color, marker="o")
        ax.axvline(0.0, color=REFERENCE, linewidth=0.6, zorder=1)
        ax.set(xlabel=label, ylim=(len(judged) - 0.5, -0.5))
        ax.set_yticks(range(len(judged)), [each.strategy for each in judged])
    tidy_axes(axes)
    return figure


def draw_counts(replayed: Sequence[Replayed]) -> Figure:
    """Mean rollouts per prompt by the success rate that was believed before the step."""
    figure, axes = panel_grid(1, 1, height=1.7)
    ax = axes[0, 0]
    looks = arm_looks({each.strategy: each.strategy for each in replayed})
    for each in replayed:
        at = {counts.believed: counts.mean for counts in each.counts}
        means = np.array([at.get(label, np.nan) for label in LABELS])
        places = np.flatnonzero(~np.isnan(means))
        look = looks[each.strategy]
        ax.plot(places, means[places], color=look.color, marker=look.marker, label=each.strategy)
    ax.set_xticks(range(len(LABELS)), [label.replace(" to ", "-") for label in LABELS])
    ax.set(xlabel="believed success rate", ylabel="rollouts per prompt", ylim=(0, None))
    tidy_axes(axes)
    legend_above(figure, _handles(ax))
    return figure


def _handles(ax: Axes) -> list[Line2D]:
    return list(ax.get_lines())
