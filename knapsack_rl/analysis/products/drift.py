"""When uneven budgets help: drift of success rates between visits, and what the arms gained against it."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from knapsack_rl.analysis.drawing.around import legend_above, notes_below
from knapsack_rl.analysis.drawing.looks import ArmStyle, looks_in
from knapsack_rl.analysis.drawing.marks import arm_handles, own
from knapsack_rl.analysis.drawing.style import REFERENCE, SMALLEST, cell_title, panel_grid, say, tidy_axes
from knapsack_rl.analysis.frames.schemas import ARM_KEYS, CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.pairs import baseline_arm
from knapsack_rl.analysis.inference.periods import from_first_belief
from knapsack_rl.analysis.inference.stats import seed_means
from knapsack_rl.analysis.measures.benchmarks import AVERAGE
from knapsack_rl.analysis.measures.drift import VALUES, drift_rows
from knapsack_rl.analysis.measures.gradient_split import split_steps
from knapsack_rl.analysis.products.differences import differences

EFFECTS = ("accuracy", "ratio_rollouts", "ratio_prompts", "objective_gain")
"""What is set against the drift: three differences from the baseline, and what the counts were worth."""

_METRICS = {"accuracy": f"accuracy/{AVERAGE}", "ratio_rollouts": "ratio_rollouts", "ratio_prompts": "ratio_prompts"}


def drift_table(frames: StudyFrames) -> pd.DataFrame:
    """Drift of every arm, and per arm the effects that are to be read against the baseline's drift of the same cell.

    Returns:
        ``model, budget, arm, num_seeds``, ``VALUES`` (means over seeds, with ``_low`` and ``_high``),
        ``baseline_drift``, and ``EFFECTS`` with intervals: accuracy at the checkpoint of ``final_scores``, both ratios,
        arm minus baseline within a seed, and the objective at calibrated rates over equal counts, from the arm's first
        known belief on. The baseline's own differences are missing.
    """
    table = seed_means(drift_rows(frames.groups), ARM_KEYS, values=VALUES)
    baseline = table[table["arm"] == baseline_arm(frames.steps)].set_index(list(CELL_KEYS))["drift"]
    table = table.join(baseline.rename("baseline_drift"), on=list(CELL_KEYS))
    for name, found in _effects(frames).items():
        named = {"value": name, "low": f"{name}_low", "high": f"{name}_high"}
        table = table.merge(found.rename(columns=named), on=[*CELL_KEYS, "arm"], how="left")
    lead = [*CELL_KEYS, "arm", "num_seeds"]
    shown = [f"{name}{end}" for name in VALUES for end in ("", "_low", "_high")]
    effects = [f"{name}{end}" for name in EFFECTS for end in ("", "_low", "_high")]
    return in_grid_order(table[[*lead, *shown, "baseline_drift", *effects]], frames.steps)


def _effects(frames: StudyFrames) -> dict[str, pd.DataFrame]:
    """Per effect ``model, budget, arm, value, low, high``."""
    keys = [*CELL_KEYS, "arm"]
    compared = differences(frames)
    named = {"difference": "value", "ci_low": "low", "ci_high": "high"}
    found = {
        name: compared.loc[compared["metric"] == metric, [*keys, *named]].rename(columns=named)
        for name, metric in _METRICS.items()
    }
    steps = split_steps(frames)
    known = pd.concat(
        [from_first_belief(steps[steps["arm"] == arm], arm=arm) for arm in steps["arm"].unique()], ignore_index=True
    )
    gains = seed_means(known, ARM_KEYS, values=["objective_gain"])
    renamed = {"objective_gain": "value", "objective_gain_low": "low", "objective_gain_high": "high"}
    found["objective_gain"] = gains[[*keys, *renamed]].rename(columns=renamed)
    return found


NEAR = 0.1
"""Of the width of the figure: points closer than this would have their numbers overlap."""

ROWS = {
    "accuracy": "final accuracy\nminus uniform",
    "ratio_prompts": "ratio by prompts\nminus uniform",
    "objective_gain": "objective over\nequal counts",
}
"""Columns of the table, one panel each, and their axis labels."""


def draw_drift(frames: StudyFrames) -> Figure:
    """Three effects of every arm other than the baseline against the baseline's drift, with 95% t-intervals."""
    table = drift_table(frames).dropna(subset=["baseline_drift"])
    looks = looks_in(frames)
    shown = table[table["accuracy"].notna()]
    figure, axes = panel_grid(len(ROWS), 1, height=0.95, sharex=True)
    for ax, (column, label) in zip(axes[:, 0], ROWS.items(), strict=True):
        ax.set_ylabel(label)
        ax.axhline(0.0, color=REFERENCE, linewidth=0.6)
        if shown.empty:
            say(ax, "no arm beside the baseline whose prompts were met twice")
        for arm, rows in shown.groupby("arm", sort=False):
            _draw_points(ax, rows, column=column, look=looks[str(arm)])
    cells = shown.drop_duplicates(["model", "budget"]).sort_values("baseline_drift")
    _number_cells(axes[0, 0], cells)
    axes[-1, 0].set_xlabel("change of a success rate between visits (rms)")
    legend_above(figure, arm_handles({arm: looks[arm] for arm in shown["arm"].unique()}, line=False))
    notes_below(figure, frames, also=_told(frames.steps, cells))
    tidy_axes(axes)
    return figure


def _draw_points(ax: Axes, rows: pd.DataFrame, *, column: str, look: ArmStyle) -> None:
    known = rows.dropna(subset=[column])
    error = [known[column] - known[f"{column}_low"], known[f"{column}_high"] - known[column]]
    drawn = ax.errorbar(
        *(known["baseline_drift"], known[column]), yerr=error, fmt=look.marker, color=look.color, linewidth=0.7
    )
    own(drawn.get_children(), look)


def _number_cells(ax: Axes, cells: pd.DataFrame) -> None:
    """The number of each cell above its points in the first panel; cells that lie close together stand in one list."""
    room = NEAR * (cells["baseline_drift"].max() - cells["baseline_drift"].min()) if len(cells) else 0.0
    named: list[tuple[float, str]] = []
    for number, at in enumerate(cells["baseline_drift"], start=1):
        if named and at - named[-1][0] <= room:
            named[-1] = (named[-1][0], f"{named[-1][1]}, {number}")
        else:
            named.append((at, str(number)))
    for at, name in named:
        text = ax.annotate(name, (at, 1.02), xycoords=("data", "axes fraction"), ha="center", va="bottom")
        text.set(fontsize=SMALLEST, color="#444444")
    ax.margins(x=0.12)


def _told(steps: pd.DataFrame, cells: pd.DataFrame) -> str:
    """What the numbers stand for."""
    keys = cells[["model", "budget"]].itertuples(index=False, name=None)
    names = [f"{number}: {cell_title(steps, cell)}" for number, cell in enumerate(keys, start=1)]
    return "; ".join(names) + ". Movement is that under uniform." if names else ""
