"""Many arms in one figure: a row per arm with its name, sorted by effect, the highlighted ones in colour."""

import re
from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from knapsack_rl.analysis.drawing.around import legend_above, notes_below
from knapsack_rl.analysis.drawing.looks import ArmStyle
from knapsack_rl.analysis.drawing.marks import draw_interval, own, seed_mark
from knapsack_rl.analysis.drawing.style import (
    REFERENCE,
    broken,
    cell_title,
    cells_of,
    in_cell,
    panel_grid,
    say,
    tidy_axes,
)
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.pairs import baseline_arm, by_seed
from knapsack_rl.analysis.inference.stats import Interval, mean_interval, paired_difference
from knapsack_rl.analysis.measures.benchmarks import AVERAGE, SCORES, base_accuracy, final_scores

ROW_INCHES = 0.112


def draw_arm_rows(frames: StudyFrames, scores: pd.DataFrame, *, looks: Mapping[str, ArmStyle]) -> Figure:
    """Average accuracy of every arm, and its difference from the baseline in avg@k and pass@k.

    Rows: arms, best first by the difference in avg@k (by avg@k itself where there is no baseline). Points are means
    over seeds with 95% t-intervals, differences paired by seed; none below three seeds.

    Args:
        frames: the study.
        scores: `analysis.benchmarks.benchmark_scores`.
        looks: of the arms.
    """
    final, base, k = final_scores(scores), base_accuracy(scores), int(scores["k"].iloc[0])
    average, cells = final[final["benchmark"] == AVERAGE], cells_of(frames.evals)
    baseline = baseline_arm(frames.steps)
    figure, axes = panel_grid(len(cells), 3, height=0.55 + ROW_INCHES * len(looks), sharex="col")
    for panels, cell in zip(axes, cells, strict=True):
        seeds = [_seeds(in_cell(average, cell), score) for score in SCORES]
        places = {arm: place for place, arm in enumerate(effect_order(seeds[0], baseline=baseline))}
        _draw_means(panels[0], seeds[0], places=places, looks=looks)
        start = in_cell(base[base["benchmark"] == AVERAGE], cell)["avg_at_k"]
        for value in start:
            panels[0].axvline(value, color=REFERENCE, linestyle="--", linewidth=0.8)
        for ax, score in zip(panels[1:], seeds, strict=True):
            _draw_differences(ax, score, baseline=baseline, places=places, looks=looks)
        panels[0].set_title(cell_title(frames.steps, cell), loc="left")
        _name_rows(panels, places, looks=looks)
        _name_columns(panels, k=k, baseline=baseline)
    start_line = Line2D([], [], color=REFERENCE, linestyle="--", linewidth=0.8, label="base model")
    legend_above(figure, [seed_mark(), start_line])
    notes_below(figure, frames, also="Average over benchmarks; single benchmarks are in the table.")
    tidy_axes(axes)
    return figure


def effect_order(seeds: pd.DataFrame, *, baseline: str | None) -> list[str]:
    """Arms of a cell, best first, by their mean difference from the baseline over shared seeds.

    Args:
        seeds: one row per seed, one column per arm.
        baseline: one of the arms; without it arms are ranked by their own mean. No shared seed ranks last.
    """
    against = seeds.sub(seeds[baseline], axis=0) if baseline in seeds else seeds
    effect = against.mean().sort_values(ascending=False, kind="stable", na_position="last")
    return [str(arm) for arm in effect.index]


def short_difference(value: float, _place: float) -> str:
    """A difference in as few letters as will do: ``+.05``."""
    return re.sub(r"\b0(?=\.)", "", f"{value:+.3g}") if round(value, 9) else "0"


def _seeds(rows: pd.DataFrame, score: str) -> pd.DataFrame:
    """The score by seed (rows) and arm (columns)."""
    values = rows.assign(arm=rows["arm"].astype(str), value=rows[score])
    return by_seed({str(arm): of_arm for arm, of_arm in values.groupby("arm", sort=False)})


def _ends(found: Interval) -> tuple[float, float, float]:
    return found.low, found.mean, found.high


def _draw_means(ax: Axes, seeds: pd.DataFrame, *, places: Mapping[str, int], looks: Mapping[str, ArmStyle]) -> None:
    for arm, place in places.items():
        values = seeds[arm].dropna()
        own(
            ax.plot(values, [place] * len(values), "|", color="#444444", markersize=2.6, markeredgewidth=0.4),
            looks[arm],
        )
        draw_interval(ax, place, ends=_ends(mean_interval(values)), look=looks[arm])


def _draw_differences(
    ax: Axes, seeds: pd.DataFrame, *, baseline: str | None, places: Mapping[str, int], looks: Mapping[str, ArmStyle]
) -> None:
    if baseline not in seeds:
        say(ax, "no baseline")
        return
    ax.axvline(0.0, color=REFERENCE, linewidth=0.6, zorder=1)
    for arm, place in places.items():
        found = paired_difference(seeds[arm], seeds[baseline])
        ends = (0.0, 0.0, 0.0) if arm == baseline else _ends(found)
        draw_interval(ax, place, ends=ends, look=looks[arm])


def _name_columns(panels: Sequence[Axes], *, k: int, baseline: str | None) -> None:
    against = f"minus\n{broken(baseline, 16)}" if baseline else "difference"
    for ax, name in zip(panels, (f"avg@{k}", f"avg@{k} {against}", f"pass@{k} {against}"), strict=True):
        ax.set_xlabel(name)
        ax.tick_params(labelbottom=True)
        ax.xaxis.set_major_locator(MaxNLocator(nbins=3, min_n_ticks=2))
    for ax in panels[1:]:
        ax.xaxis.set_major_formatter(short_difference)


def _name_rows(panels: Sequence[Axes], places: Mapping[str, int], *, looks: Mapping[str, ArmStyle]) -> None:
    for ax in panels:
        ax.set_ylim(len(places) - 0.4, -0.6)
        ax.set_yticks(range(len(places)), list(places) if ax is panels[0] else [""] * len(places))
        ax.tick_params(axis="y", length=0)
    for label, arm in zip(panels[0].get_yticklabels(), places, strict=True):
        own([label], looks[arm])
        if not looks[arm].quiet:
            label.set(color=looks[arm].color, fontweight="bold")
