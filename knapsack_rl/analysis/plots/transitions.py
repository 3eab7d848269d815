"""Figure: where training problems moved between five classes of difficulty."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from knapsack_rl.analysis.differences import VERDICT_CLEAR, baseline_arm
from knapsack_rl.analysis.difficulty import CLASSES, transitions_table
from knapsack_rl.analysis.frames import StudyFrames
from knapsack_rl.analysis.plots.allocation import SHADE
from knapsack_rl.analysis.plots.over_training import shown_arms
from knapsack_rl.analysis.plots.style import cell_title, cells_of, in_cell, panel_grid
from knapsack_rl.analysis.stats import FloatArray

SHORT = ("ext. hard", "hard", "medium", "easy", "ext. easy")
DARK = 0.6
"""Shade from which on numbers are white."""

MOST_SHIFT = 0.3
"""Difference at which the colours of the right-hand matrices are full."""


def draw_transitions(frames: StudyFrames) -> Figure:
    """Left: of each class before training, the share in each class after it (rows sum to 100). Right: minus baseline.

    One row per cell and arm. Bold differences are those whose 95% t-interval over paired seeds excludes zero.
    """
    table = transitions_table(frames)
    baseline = baseline_arm(frames.steps)
    arms = shown_arms([str(arm) for arm in frames.steps["arm"].unique()])
    rows = [(cell, arm) for cell in cells_of(table) for arm in arms if arm in set(in_cell(table, cell)["arm"])]
    if not rows:
        return _nothing()
    figure, axes = panel_grid(len(rows), 2, panel=(3.3, 2.4))
    for row, (cell, arm) in enumerate(rows):
        of_arm = in_cell(table, cell)
        of_arm = of_arm[of_arm["arm"] == arm]
        title = f"{cell_title(frames.steps, cell)}\n{arm}"
        _draw_matrix(axes[row, 0], of_arm, value="share")
        axes[row, 0].set_title(title)
        if arm == baseline or of_arm["difference"].isna().all():
            axes[row, 1].text(0.5, 0.5, "baseline" if arm == baseline else "no baseline", ha="center", va="center")
            axes[row, 1].set_axis_off()
        else:
            _draw_matrix(axes[row, 1], of_arm, value="difference")
            axes[row, 1].set_title(f"{arm} - {baseline}, points")
    for ax in axes[:, 0]:
        ax.set_ylabel("before")
    axes[-1, 0].set_xlabel("after training (%)")
    return figure


def _nothing() -> Figure:
    figure, axes = panel_grid(1, 1)
    axes[0, 0].text(0.5, 0.5, "no probe was taken:\nset evaluation.probe.prompts", ha="center", va="center")
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
            dark = share > DARK if is_share else abs(share) > DARK * MOST_SHIFT * 1.4
            bold = not is_share and bool(clear.get((CLASSES[i], CLASSES[j]), default=False))
            settings: dict[str, Any] = {"color": "white" if dark else "#222222", "weight": "bold" if bold else "normal"}
            text = f"{100 * share:.0f}" if is_share else f"{100 * share:+.0f}"
            ax.text(j, i, text, ha="center", va="center", fontsize=8, **settings)
    counts = rows.drop_duplicates("before").set_index("before")["num_prompts"]
    numbered = [f"{short} ({counts.get(name, 0):.0f})" for short, name in zip(SHORT, CLASSES, strict=True)]
    ax.set_yticks(range(len(SHORT)), numbered if is_share else SHORT)
    ax.set_xticks(range(len(SHORT)), SHORT, rotation=20, ha="right", rotation_mode="anchor")
    ax.grid(visible=False)
