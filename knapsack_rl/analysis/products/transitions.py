"""Where training problems moved: table and figure of transitions between classes of difficulty, and discoveries."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from knapsack_rl.analysis.drawing.around import notes_below
from knapsack_rl.analysis.drawing.looks import in_panels, looks_in
from knapsack_rl.analysis.drawing.style import SHADE, SMALLEST, broken, cell_title, cells_of, in_cell, panel_grid, say
from knapsack_rl.analysis.frames.schemas import ARM_KEYS, CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.pairs import VERDICT_CLEAR, baseline_arm, pair_up, verdict
from knapsack_rl.analysis.inference.stats import paired_difference, seed_means
from knapsack_rl.analysis.measures.difficulty import CLASSES, OUTCOMES, discovery_rows, transition_rows
from knapsack_rl.base.arrays import FloatArray


def transitions_table(frames: StudyFrames) -> pd.DataFrame:
    """Transition shares per arm (means over seeds) and their difference from the baseline, paired by seed.

    Returns:
        ``model, budget, arm, before, after, num_seeds, num_prompts`` (mean number in the class before), ``share`` with
        its t-interval, ``difference, difference_low, difference_high`` and the difference's ``verdict``; these are
        empty for the baseline.
    """
    rows = transition_rows(frames.probes)
    by = [*ARM_KEYS, "difficulty_before", "difficulty_after"]
    means = seed_means(rows, by, values=["share", "num_before"]).drop(columns=["num_before_low", "num_before_high"])
    table = means.merge(_against_baseline(rows), on=[key for key in by if key != "strategy"], how="left")
    table = table.assign(
        before=[CLASSES[index] for index in table["difficulty_before"]],
        after=[CLASSES[index] for index in table["difficulty_after"]],
    ).rename(columns={"num_before": "num_prompts"})
    lead = ["model", "budget", "arm", "before", "after", "num_seeds", "num_prompts"]
    ends = [f"{name}{end}" for name in ("share", "difference") for end in ("", "_low", "_high")]
    return in_grid_order(table[[*lead, *ends, "verdict"]], frames.steps)


def _against_baseline(rows: pd.DataFrame) -> pd.DataFrame:
    keys = ["difficulty_before", "difficulty_after"]
    pairs = pair_up(rows, [*CELL_KEYS, *keys], baseline=baseline_arm(rows), columns=["share"], how="inner")
    found = []
    for key, pair in pairs.groupby([*CELL_KEYS, "arm", *keys], sort=False):
        interval = paired_difference(pair["arm_share"], pair["baseline_share"])
        found.append((*key, interval.mean, interval.low, interval.high, verdict(interval)))
    columns = [*CELL_KEYS, "arm", *keys, "difference", "difference_low", "difference_high", "verdict"]
    return pd.DataFrame(found, columns=columns).astype({"arm": "str", "model": "str"})


def discovery_table(frames: StudyFrames) -> pd.DataFrame:
    """Problems never solved in the probe before training, later solved, and the reverse; shares of probed problems.

    Returns:
        ``model, budget, arm, num_seeds, num_probed`` and, with t-intervals, the shares ``never_solved_before`` and
        ``never_solved_after``, ``discovered`` (of those never solved before, solved after), ``lost`` (of those solved
        before, never solved after), ``solved_in_training`` (of those never solved after, with at least one success at
        some time in training) and ``rate_rise`` (mean success rate after minus before).
    """
    per_run = discovery_rows(frames)
    means = seed_means(per_run, ARM_KEYS, values=["num_probed", *OUTCOMES]).drop(columns="strategy")
    table = means.drop(columns=["num_probed_low", "num_probed_high"])
    return in_grid_order(table, frames.steps)


SHORT = ("ext. hard", "hard", "medium", "easy", "ext. easy")

DARK = 0.6
"""Shade from which on numbers are white."""

MOST_SHIFT = 0.3
"""Difference at which the colours of the right-hand matrices are full."""

READING = (
    "Rows: class before training (mean number of problems); columns: class after it, in % of the row. Differences in"
    " points; bold: the interval excludes zero."
)


def draw_transitions(frames: StudyFrames) -> Figure:
    """Of each class before training, the share in each class after it (rows sum to 100): baseline, arm, difference.

    One row per cell and arm. Bold differences are those whose 95% t-interval over paired seeds excludes zero.
    """
    table, looks = transitions_table(frames), looks_in(frames)
    baseline = baseline_arm(frames.steps)
    shown = [look.arm for look in in_panels(looks, baseline, num_cells=max(1, len(cells_of(table))))]
    rows = [(cell, arm) for cell in cells_of(table) for arm in shown if arm in set(in_cell(table, cell)["arm"])]
    if not rows:
        return _nothing()
    figure, axes = panel_grid(len(rows), 3, height=1.0, sharex=True)
    for panels, (cell, arm) in zip(axes, rows, strict=True):
        of_cell = in_cell(table, cell)
        _draw_row(panels, of_cell, arm=arm, baseline=baseline)
        panels[0].set_title(f"{cell_title(frames.steps, cell)}\n\n{panels[0].get_title()}", loc="left")
        panels[0].set_title("")
    left_out = len(looks) - len(shown) - (baseline is not None)
    more = f"{left_out} more arms are in the table." if left_out > 0 else ""
    notes_below(figure, frames, also=f"{READING} {more}".strip())
    return figure


def _draw_row(panels: Any, of_cell: pd.DataFrame, *, arm: str, baseline: str | None) -> None:  # noqa: ANN401 - an array
    of_arm = of_cell[of_cell["arm"] == arm]
    against = of_cell[of_cell["arm"] == baseline]
    for ax, rows, name in ((panels[0], against, baseline), (panels[1], of_arm, arm)):
        if rows.empty:
            _empty(ax, "no baseline")
        else:
            _draw_matrix(ax, rows, value="share")
            ax.set_title(broken(str(name), 14))
    if arm == baseline or of_arm["difference"].isna().all():
        _empty(panels[2], "no difference")
    else:
        _draw_matrix(panels[2], of_arm, value="difference")
        panels[2].set_title("difference")
    for ax in panels[1:]:
        ax.set_yticklabels([])
    if against.empty:
        _number_rows(panels[0], of_arm)


def _empty(ax: Axes, text: str) -> None:
    say(ax, text)
    ax.grid(visible=False)
    ax.set(yticks=[], frame_on=False)


def _nothing() -> Figure:
    figure, axes = panel_grid(1, 1, height=0.8)
    say(axes[0, 0], "no probe was taken: set evaluation.probe.prompts")
    axes[0, 0].set_axis_off()
    return figure


def _draw_matrix(ax: Axes, rows: pd.DataFrame, *, value: str) -> None:
    wide = rows.pivot_table(index="before", columns="after", values=value, sort=False, dropna=False)
    shares: FloatArray = wide.reindex(index=list(CLASSES), columns=list(CLASSES)).to_numpy(dtype=np.float64)
    clear = rows.assign(clear=rows["verdict"] == VERDICT_CLEAR).set_index(["before", "after"])["clear"]
    is_share = value == "share"
    colors, least, most = (SHADE, 0.0, 1.0) if is_share else ("PuOr_r", -MOST_SHIFT, MOST_SHIFT)
    ax.imshow(shares, aspect="auto", cmap=colors, vmin=least, vmax=most)
    for (i, j), share in np.ndenumerate(shares):
        if np.isfinite(share):
            dark = share > DARK if is_share else abs(share) > DARK * MOST_SHIFT
            bold = not is_share and bool(clear.get((CLASSES[i], CLASSES[j]), default=False))
            settings: dict[str, Any] = {"color": "white" if dark else "#222222", "weight": "bold" if bold else "normal"}
            text = (
                f"{100 * share:.0f}"
                if is_share
                else f"{round(100 * share) or 0:+d}".replace("+0", "0").replace("+100", "100")
            )
            ax.text(j, i, text, ha="center", va="center", fontsize=SMALLEST, **settings)
    _number_rows(ax, rows)
    ax.set_xticks(range(len(SHORT)), SHORT, rotation=90)
    ax.grid(visible=False)


def _number_rows(ax: Axes, rows: pd.DataFrame) -> None:
    """Names of the classes with their mean number of problems before training."""
    counts = rows.drop_duplicates("before").set_index("before")["num_prompts"]
    numbered = [f"{short} {counts.get(name, 0):.0f}" for short, name in zip(SHORT, CLASSES, strict=True)]
    ax.set_yticks(range(len(SHORT)), numbered)
    ax.set_ylim(len(SHORT) - 0.5, -0.5)
