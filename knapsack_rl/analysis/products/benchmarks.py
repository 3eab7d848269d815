"""Held-out accuracy per benchmark at the end of training."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from knapsack_rl.analysis.drawing.arm_rows import draw_arm_rows
from knapsack_rl.analysis.drawing.around import legend_above, notes_below
from knapsack_rl.analysis.drawing.cell_grid import Cell, cell_grid
from knapsack_rl.analysis.drawing.looks import ArmStyle, looks_in
from knapsack_rl.analysis.drawing.marks import arm_handles, base_mark, draw_interval, own, seed_mark
from knapsack_rl.analysis.drawing.style import REFERENCE, cells_of, in_cell, tidy_axes
from knapsack_rl.analysis.frames.schemas import ARM_KEYS, CELL_KEYS, RUN_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.pairs import baseline_arm, pair_up
from knapsack_rl.analysis.inference.stats import mean_interval, seed_means
from knapsack_rl.analysis.measures.benchmarks import AVERAGE, SCORES, base_accuracy, benchmark_scores, final_scores

BASE_MODEL = "base model"
"""Arm name of the rows that describe the model before training."""


def benchmarks_table(frames: StudyFrames) -> pd.DataFrame:
    """avg@k and pass@k of every benchmark and their average, per arm: means over seeds with t-intervals.

    Taken at the checkpoint of ``final_scores`` (``step``). Each cell starts with the base model,
    step 0: one for all seeds, or the mean over those of the seeds; it is not compared and has no interval.

    Returns:
        ``model, budget, arm, step, num_seeds, k`` and ``<score>/<benchmark>`` with ``_low`` and ``_high``.
    """
    scores = benchmark_scores(frames.evals)
    names = list(scores["benchmark"].unique())
    keys = [*ARM_KEYS, "step", "k"]
    final = _wide_scores(final_scores(scores), [*RUN_KEYS, "step", "k"])
    values = [column for column in final.columns if "/" in column]
    trained = seed_means(final, keys, values=values).drop(columns="strategy")
    bases = [base_accuracy(scores, score=score).rename(columns={score: "value"}) for score in SCORES]
    base = pd.concat([part.assign(score=score) for part, score in zip(bases, SCORES, strict=True)])
    base = _pivot(base.assign(column=base["score"] + "/" + base["benchmark"]), list(CELL_KEYS))
    base = base.assign(arm=BASE_MODEL, step=0, k=scores["k"].iloc[0])
    lead = [*CELL_KEYS, "arm", "step", "num_seeds", "k"]
    shown = [f"{score}/{name}{end}" for score in SCORES for name in names for end in ("", "_low", "_high")]
    table = pd.concat([base, trained.astype({"num_seeds": "Int64"})], ignore_index=True)[[*lead, *shown]]
    return in_grid_order(table, like=pd.concat([base[lead[:3]], frames.steps[lead[:3]]]))


def _wide_scores(scores: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    long = scores.melt([*keys, "benchmark"], list(SCORES), var_name="score")
    return _pivot(long.assign(column=long["score"] + "/" + long["benchmark"]), keys)


def _pivot(long: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """One row per ``keys``, in order of appearance, and one column per value of ``column``."""
    order = long[keys].drop_duplicates()
    wide = long.pivot_table(index=keys, columns="column", values="value", sort=False).reset_index()
    return order.merge(wide, on=keys).rename_axis(columns=None)


GROUP_HEIGHT = 0.74
"""Share of the distance between two benchmarks that their arms take."""

POINTS = 100.0


def draw_benchmarks(frames: StudyFrames) -> Figure:
    """avg@k and pass@k at the last checkpoint all runs of a cell share, minus the baseline's of the same seed.

    Up to ``MOST_COLORED`` arms: a column per cell, a row per benchmark and their average, arms side by side; without a
    baseline the scores themselves. More: a row per arm, sorted by its difference from the baseline (`arm_rows`).
    """
    looks = looks_in(frames)
    if any(look.quiet for look in looks.values()):
        return draw_arm_rows(frames, benchmark_scores(frames.evals), looks=looks)
    points, baseline = benchmark_points(frames), baseline_arm(frames.steps)
    if baseline is None or len(looks) == 1:
        return _draw_rows(frames, points, looks=looks, scores=dict(zip(SCORES, SCORES, strict=True)))
    others = {arm: look for arm, look in looks.items() if arm != baseline}
    values = points.assign(**{name: points[name] * POINTS for name in DIFFERENCES.values()})
    return _draw_rows(frames, values, looks=others, scores=DIFFERENCES)


DIFFERENCES = {score: f"{score}_difference" for score in SCORES}
"""Columns of the points: each score minus the baseline's."""


def benchmark_points(frames: StudyFrames) -> pd.DataFrame:
    """What the figure shows: the score of every run on every benchmark, minus the baseline's, and the base model's.

    Returns:
        ``model, budget, arm, seed, step, benchmark, k``, ``SCORES`` and ``DIFFERENCES`` (0..1). A difference is within
        a seed, and empty for the baseline, the base model, and where the baseline has no such run.
    """
    scores = benchmark_scores(frames.evals)
    keys = [*CELL_KEYS, "arm", "seed", "step", "benchmark", "k", *SCORES]
    final = final_scores(scores)[keys]
    pairs = pair_up(final, [*CELL_KEYS, "benchmark"], baseline=baseline_arm(frames.steps), columns=list(SCORES))
    pairs = pairs.assign(
        **{name: pairs[f"arm_{score}"] - pairs[f"baseline_{score}"] for score, name in DIFFERENCES.items()}
    )
    by = [*CELL_KEYS, "benchmark", "arm", "seed"]
    final = final.astype({"arm": "str"}).merge(pairs[[*by, *DIFFERENCES.values()]], on=by, how="left")
    base = base_accuracy(scores).merge(base_accuracy(scores, score="pass_at_k"), on=[*CELL_KEYS, "benchmark"])
    base = base.assign(arm=BASE_MODEL, step=0, k=scores["k"].iloc[0])
    whole = pd.concat([final, base], ignore_index=True)
    return whole[[*keys, *DIFFERENCES.values()]].astype({"seed": "Int64"})


def _draw_rows(
    frames: StudyFrames, points: pd.DataFrame, *, looks: Mapping[str, ArmStyle], scores: Mapping[str, str]
) -> Figure:
    """``scores`` says which column stands for each score: itself, or its difference in points."""
    cells, k, paired = cells_of(frames.evals), int(points["k"].iloc[0]), scores is DIFFERENCES
    names = [name for name in points["benchmark"].unique() if name != AVERAGE]
    places = {name: float(rank) for rank, name in enumerate(names)} | {AVERAGE: len(names) + 0.35}
    height = 0.45 + (len(places) + 0.4) * max(0.12, 0.055 * len(looks))
    grid = cell_grid(cells, frames.steps, num_rows=len(SCORES), height=height)
    for column, title, row in zip(scores.values(), (f"avg@{k}", f"pass@{k}"), grid.rows(), strict=True):
        for cell, ax in zip(cells, row, strict=True):
            of_cell = in_cell(points, cell)
            _draw_panel(ax, of_cell, score=column, places=places, looks=looks)
            if paired:
                ax.axvline(0.0, color=REFERENCE, linewidth=0.6, zorder=1)
            else:
                _draw_base(ax, of_cell[of_cell["arm"] == BASE_MODEL], score=column, places=places)
            ax.set_xlabel(title)
        row[0].set_yticks(list(places.values()), list(places))
        row[0].set_ylim(len(names) + 0.9, -0.55)
    _share_scale(grid.panels, shares=not paired)
    legend_above(grid.figure, [*arm_handles(looks, line=False), seed_mark() if paired else base_mark()])
    notes_below(grid.figure, frames, looks=looks, also=PAIRED_NOTE if paired else "")
    tidy_axes([ax for panels in grid.panels.values() for ax in panels])
    return grid.figure


PAIRED_NOTE = "Points over the baseline, within a seed."


def _share_scale(panels: Mapping[Cell, list[Axes]], *, shares: bool) -> None:
    """One abscissa for all cells of a score; of shares within what those can be."""
    for row in zip(*panels.values(), strict=True):
        low, high = min(ax.get_xlim()[0] for ax in row), max(ax.get_xlim()[1] for ax in row)
        for ax in row:
            ax.set_xlim(max(low, -0.03) if shares else low, min(high, 1.03) if shares else high)
            ax.xaxis.set_major_locator(MaxNLocator(nbins=3 if len(row) > 1 else 8, min_n_ticks=2))


def _draw_panel(
    ax: Axes, final: pd.DataFrame, *, score: str, places: Mapping[str, float], looks: Mapping[str, ArmStyle]
) -> None:
    apart = GROUP_HEIGHT / len(looks)
    for rank, look in enumerate(looks.values()):
        of_arm = final[final["arm"] == look.arm]
        for benchmark, of_benchmark in of_arm.groupby("benchmark", sort=False):
            values = of_benchmark.groupby("seed")[score].mean().dropna().to_numpy()
            at, found = places[str(benchmark)] + (rank - (len(looks) - 1) / 2) * apart, mean_interval(values)
            dots = ax.plot(values, np.full(values.size, at), "|", color=look.color, markersize=2.6, markeredgewidth=0.4)
            own(dots, look)
            draw_interval(ax, at, ends=(found.low, found.mean, found.high), look=look)
    ax.axhline(max(places.values()) - 0.68, color="#444444", linewidth=0.4)
    ax.grid(visible=False, axis="y")


def _draw_base(ax: Axes, base: pd.DataFrame, *, score: str, places: Mapping[str, float]) -> None:
    for row in base.itertuples(index=False):
        at, value = places[str(row.benchmark)], getattr(row, score)
        ax.vlines(value, at - 0.44, at + 0.44, color=REFERENCE, linewidth=1.2, zorder=1.2)
