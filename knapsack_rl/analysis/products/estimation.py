"""Figure: how estimation error eats the gain of an allocator."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter

from knapsack_rl.analysis.drawing.around import legend_above
from knapsack_rl.analysis.drawing.looks import arm_looks, loud_first
from knapsack_rl.analysis.drawing.marks import arm_handles, line_of
from knapsack_rl.analysis.drawing.style import REFERENCE, panel_grid, tidy_axes
from knapsack_rl.analysis.inference.stats import seed_means

PANELS = {
    "gain": "true objective\nover equal counts",
    "ratio_rollouts": "mixed groups,\nshare of rollouts",
    "ratio_prompts": "mixed groups,\nshare of prompts",
    "discoveries": "failed prompts that\nnow had a success",
}
"""Columns of the estimation frame and their axis labels."""

KNOWN = 0


def estimation_means(estimation: pd.DataFrame) -> pd.DataFrame:
    """Means over batches with 95% t-intervals, per pool, strategy and number of draws.

    Args:
        estimation: rows of ``estimation_rows``.
    """
    by_batch = estimation.rename(columns={"batch": "seed"})
    means = seed_means(by_batch, ["pool", "strategy", "draws"], values=list(PANELS))
    return means.rename(columns={"num_seeds": "num_batches"})


def draw_estimation(estimation: pd.DataFrame) -> Figure:
    """Means over batches against the draws behind an estimate, with 95% t-intervals; at the right, rates are known.

    Args:
        estimation: rows of ``estimation_rows``; the number of draws `KNOWN` stands for known rates.
    """
    means = estimation_means(estimation)
    looks = arm_looks({name: name for name in means["strategy"].unique()})
    finite = sorted(draws for draws in means["draws"].unique() if draws != KNOWN)
    at = {draws: float(draws) for draws in finite} | {KNOWN: finite[-1] * 2.0}
    figure, axes = panel_grid(2, 2, height=1.1, sharex=True)
    for ax, (column, label) in zip(axes.ravel(), PANELS.items(), strict=True):
        for look in loud_first(looks):
            rows = means[means["strategy"] == look.arm].assign(at=lambda frame: frame["draws"].map(at))
            settings = line_of(look)
            known = rows["draws"] == KNOWN
            for part, change in ((rows[~known].sort_values("at"), {}), (rows[known], {"linestyle": ""})):
                half = (part[f"{column}_high"] - part[f"{column}_low"]) / 2
                ax.errorbar(part["at"], part[column], yerr=half, elinewidth=0.7, **(settings | change))
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_locator(FixedLocator(list(at.values())))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xticklabels([*(f"{draws:.0f}" for draws in finite), "known"])
        ax.set_ylabel(label)
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(xmax=1))
    axes[0, 0].axhline(0.0, color=REFERENCE, linewidth=0.6)
    for ax in axes[-1]:
        ax.set_xlabel("draws behind each estimate")
    legend_above(figure, arm_handles(looks))
    tidy_axes(axes)
    return figure
