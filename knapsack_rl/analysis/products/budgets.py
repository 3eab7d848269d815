"""Rollouts against success rate: which prompts the budget goes to, by what the strategy believed of them."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from knapsack_rl.analysis.drawing.around import legend_above, notes_below
from knapsack_rl.analysis.drawing.looks import ArmStyle, in_panels, looks_in
from knapsack_rl.analysis.drawing.marks import own, reference
from knapsack_rl.analysis.drawing.style import (
    REFERENCE,
    SHADE,
    cell_title,
    cells_of,
    count_axis,
    in_cell,
    panel_grid,
    tidy_axes,
)
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

BANDS = ((0.2, "5 to 95%"), (0.45, "25 to 75%"))
"""Opacity and meaning of the bands."""


def draw_budgets(frames: StudyFrames) -> Figure:
    """Left: mean rollouts per visit by belief and step. Right: mean and quantiles by belief over all of training.

    One row per cell and arm; the baseline is left out where there are others.
    """
    points, table, looks = budget_points(frames), budgets_table(frames), looks_in(frames)
    shown = in_panels(looks, baseline_arm(frames.steps), num_cells=len(cells_of(points)))
    rows = [
        (cell, look) for cell in cells_of(points) for look in shown if look.arm in set(in_cell(points, cell)["arm"])
    ]
    figure, axes = panel_grid(len(rows), 2, height=1.0, sharex="col")
    means = points.loc[points["arm"].isin([look.arm for look in shown]), "mean_rollouts"]
    norm = LogNorm(vmin=max(1.0, float(means.min())), vmax=float(means.max()) + 1)
    mesh = None
    for (cell, look), (left, right) in zip(rows, axes, strict=True):
        of_arm, in_all = in_cell(points, cell), in_cell(table, cell)
        mesh = _draw_heat(left, of_arm[of_arm["arm"] == look.arm], norm=norm)
        own([left.set_title(f"{look.arm}: {cell_title(frames.steps, cell)}", loc="left")], look)
        _draw_quantiles(right, in_all[in_all["arm"] == look.arm], budget=cell[1], look=look)
    _add_bar(mesh, axes[:, 0], norm=norm)
    axes[-1, 0].set_xlabel("training step")
    axes[-1, 1].set_xlabel("believed success rate")
    bands = [Patch(color="#777777", alpha=alpha, label=label) for alpha, label in BANDS]
    legend_above(figure, [*bands, reference("uniform share N")])
    left_out = len(looks) - len(shown) - (baseline_arm(frames.steps) is not None)
    more = f"{left_out} more arms are in the table." if left_out > 0 else ""
    notes_below(figure, frames, also=f"?: success rate unknown. {more}".strip())
    return figure


def _add_bar(mesh: Any, axes: Any, *, norm: LogNorm) -> None:  # noqa: ANN401 - a mesh, an array
    powers = [2.0**power for power in range(9) if (norm.vmin or 1) <= 2.0**power <= (norm.vmax or 1)]
    settings: dict[str, Any] = {"location": "bottom", "aspect": 30, "pad": 0.01, "label": "mean rollouts per visit"}
    bar = mesh.figure.colorbar(mesh, ax=axes, ticks=powers, format="{x:.0f}", **settings)
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
    ax.set_ylabel("believed\nrate")
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    ax.grid(visible=False)
    return mesh


def _draw_quantiles(ax: Axes, table: pd.DataFrame, *, budget: int, look: ArmStyle) -> None:
    at = np.array([CLASS_NAMES.index(name) for name in table["belief"]])
    for part in (at == 0, at == 1, (at > 1) & (at < NUM_CLASSES - 1), at == NUM_CLASSES - 1):
        rows, places = table[part], at[part]
        for low, high, alpha in (("q05", "q95", 0.2), ("q25", "q75", 0.45)):
            if len(rows) > 1:
                band: Any = ax.fill_between(places, rows[low], rows[high], color=look.color, alpha=alpha, linewidth=0)
            else:
                band = ax.vlines(places, rows[low], rows[high], color=look.color, alpha=alpha, linewidth=4)
            own([band], look)
        (line,) = ax.plot(places, rows["mean_rollouts"].to_numpy(), color=look.color, marker=look.marker)
        line.set(markeredgecolor="white", markeredgewidth=0.4)
        own([line], look)
    ax.axhline(budget, color=REFERENCE, linestyle="--", linewidth=0.7)
    count_axis(ax, along="y")
    ax.set_xticks([0.5, *TICKS], ["? 0", *TICKS.values()])
    ax.set_xlim(-0.7, NUM_CLASSES - 0.3)
    ax.set_ylabel("rollouts")
    tidy_axes(ax)
