"""Rollouts against success rate: which prompts the budget goes to, by what the strategy believed of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from knapsack_rl.analysis.drawing.around import notes_below
from knapsack_rl.analysis.drawing.cell_grid import cell_grid
from knapsack_rl.analysis.drawing.looks import in_panels, looks_in
from knapsack_rl.analysis.drawing.marks import own
from knapsack_rl.analysis.drawing.style import SHADE, cells_of, in_cell, say
from knapsack_rl.analysis.frames.parts import parts_of
from knapsack_rl.analysis.frames.schemas import ARM_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.pairs import baseline_arm
from knapsack_rl.analysis.inference.periods import window_of
from knapsack_rl.analysis.inference.stats import seed_means
from knapsack_rl.analysis.measures.rate_classes import CLASS_NAMES, NUM_CLASSES, rate_class

QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}


def _classified(groups: pd.DataFrame) -> pd.DataFrame:
    shown = groups[[*ARM_KEYS, "seed", "step", "num_rollouts", "num_successes"]]
    return shown.assign(belief=rate_class(groups["p_belief"]))


def budgets_table(frames: StudyFrames) -> pd.DataFrame:
    """Rollouts per visit by class of believed success rate, per arm, over all of training.

    Returns:
        ``model, budget, arm, belief, num_seeds, num_visits``, ``share_of_visits`` and ``share_of_budget``,
        ``success_rate`` (successes / rollouts: what these prompts turned out to be), ``mean_rollouts`` over seeds with
        its t-interval, quantiles ``q05..q95`` and ``max_rollouts`` over all visits of all seeds.
    """
    parts = [_budgets_of_arm(rows) for rows in parts_of(frames.groups, ARM_KEYS)]
    return in_grid_order(pd.concat(parts, ignore_index=True), frames.steps)


def _budgets_of_arm(rows: pd.DataFrame) -> pd.DataFrame:
    groups = _classified(rows).drop(columns=list(ARM_KEYS))
    by_class = groups.groupby("belief", sort=False)
    facts = by_class["num_rollouts"].agg(num_visits="size", total="sum", max_rollouts="max")
    levels = {name: by_class["num_rollouts"].quantile(level) for name, level in QUANTILES.items()}
    means = seed_means(groups, ["belief"], values=["num_rollouts"])
    means.columns = pd.Index([column.replace("num_rollouts", "mean_rollouts") for column in means.columns])
    facts = facts.assign(num_successes=by_class["num_successes"].sum(), **levels)
    table = means.join(facts, on="belief")
    arm = rows[list(ARM_KEYS)].iloc[np.zeros(len(table), dtype=np.int64)].reset_index(drop=True)
    table = pd.concat([arm, table], axis=1)
    table = table.assign(
        share_of_visits=table["num_visits"] / table["num_visits"].sum(),
        share_of_budget=table["total"] / table["total"].sum(),
        success_rate=table["num_successes"] / table["total"],
    ).sort_values("belief", kind="stable")
    lead = ["model", "budget", "arm", "belief", "num_seeds", "num_visits", "share_of_visits", "share_of_budget"]
    means_shown = ["success_rate", "mean_rollouts", "mean_rollouts_low", "mean_rollouts_high"]
    table = table.assign(belief=[CLASS_NAMES[belief] for belief in table["belief"]])
    return table[[*lead, *means_shown, *QUANTILES, "max_rollouts"]]


def budget_points(frames: StudyFrames) -> pd.DataFrame:
    """Mean rollouts per visit within windows of steps, by class of believed rate, all seeds together.

    Returns:
        ``ARM_KEYS``, ``window, step`` (its middle), ``belief`` (class 0..12), ``num_visits, mean_rollouts``.
    """
    groups = _classified(frames.groups)
    groups = groups.assign(window=window_of(groups))
    by_cell = groups.groupby([*ARM_KEYS, "window", "belief"], sort=False)
    points = by_cell.agg(num_visits=("num_rollouts", "size"), mean_rollouts=("num_rollouts", "mean")).reset_index()
    middle = groups.groupby("window")["step"].agg(lambda steps: (steps.min() + steps.max()) / 2)
    return points.assign(step=points["window"].map(middle)).sort_values(["window", "belief"], ignore_index=True)


TICKS = {3.5: "0.2", 5.5: "0.4", 7.5: "0.6", 9.5: "0.8", 12: "1"}
"""Positions of some rates on an axis of classes; the first two classes, unknown and 0, share a label."""

MOST_COLUMNS = 2
"""Cells side by side."""


def draw_budgets(frames: StudyFrames) -> Figure:
    """Mean rollouts per visit by belief and step: a column per cell, a row per arm.

    The baseline is left out where there are others.
    """
    points, looks, baseline = budget_points(frames), looks_in(frames), baseline_arm(frames.steps)
    cells = cells_of(points)
    shown = in_panels(looks, baseline, num_cells=-(-len(cells) // MOST_COLUMNS))
    grid = cell_grid(cells, frames.steps, num_rows=len(shown), height=0.95, most_columns=MOST_COLUMNS)
    means = points.loc[points["arm"].isin([look.arm for look in shown]), "mean_rollouts"]
    norm = LogNorm(vmin=max(1.0, float(means.min())), vmax=float(means.max()) + 1)
    mesh: Any = None
    for cell, panels in grid.panels.items():
        of_cell, title = in_cell(points, cell), panels[0].get_title()
        for look, ax in zip(shown, panels, strict=True):
            of_arm = of_cell[of_cell["arm"] == look.arm]
            if len(of_arm):
                mesh = _draw_heat(ax, of_arm, norm=norm)
            else:
                say(ax, "no runs")
            own([ax.set_title(f"{title}\n{look.arm}" if ax is panels[0] else look.arm)], look)
        panels[-1].set_xlabel("training step")
    for row in range(len(shown)):
        for ax in grid.lefts(row):
            ax.set_ylabel("believed\nrate")
    _add_bar(mesh, [ax for panels in grid.panels.values() for ax in panels], norm=norm)
    left_out = len(looks) - len(shown) - (baseline is not None and len(looks) > 1)
    more = f"{left_out} more arms are in the table." if left_out > 0 else ""
    notes_below(grid.figure, frames, also=f"?: success rate unknown; white: no visits. {more}".strip())
    return grid.figure


def _add_bar(mesh: Any, axes: Sequence[Axes], *, norm: LogNorm) -> None:  # noqa: ANN401 - a mesh
    powers = [2.0**power for power in range(9) if (norm.vmin or 1) <= 2.0**power <= (norm.vmax or 1)]
    settings: dict[str, Any] = {"location": "bottom", "aspect": 40, "shrink": 0.7, "pad": 0.02}
    bar = mesh.figure.colorbar(
        mesh, ax=axes, ticks=powers, format="{x:.0f}", label="mean rollouts per visit", **settings
    )
    bar.ax.minorticks_off()


def _draw_heat(ax: Axes, points: pd.DataFrame, *, norm: LogNorm) -> Any:  # noqa: ANN401 - a mesh
    windows = np.sort(points["window"].unique())
    middles = points.groupby("window")["step"].first().loc[windows].to_numpy()
    grid = np.full((NUM_CLASSES, len(windows)), np.nan)
    grid[points["belief"].to_numpy(), np.searchsorted(windows, points["window"])] = points["mean_rollouts"]
    width = float(np.diff(middles).min()) if len(middles) > 1 else 1.0
    edges = np.append(middles - width / 2, middles[-1] + width / 2)
    rows = np.arange(NUM_CLASSES + 1) - 0.5
    mesh = ax.pcolormesh(edges, rows, grid, cmap=SHADE, norm=norm, linewidth=0, rasterized=True)
    for border in (0.5, 1.5, NUM_CLASSES - 1.5):
        ax.axhline(border, color="white", linewidth=1.5)
    ax.set_yticks([0.5, *TICKS], ["0\n?", *TICKS.values()], linespacing=0.8)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    ax.grid(visible=False)
    return mesh
