"""Figures are legible at the width of a column: letters, labels, numbers of runs, and many arms."""

import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
import yaml
from made_up import Shape, write_study
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from test_looks import CONFIGS

from knapsack_rl.analysis.catalogue import FIGURE_NAMES, FIGURES
from knapsack_rl.analysis.drawing.arm_rows import effect_order, short_difference
from knapsack_rl.analysis.drawing.looks import MOST_COLORED, MOST_HIGHLIGHTED, QUIET_COLOR
from knapsack_rl.analysis.drawing.style import COLUMN_WIDTH, SMALLEST, broken, house_style
from knapsack_rl.analysis.drawing.views import figure_views
from knapsack_rl.analysis.frames.study import load_analysis
from knapsack_rl.analysis.make import analyse, draw_figure

THREE = ("uniform", "knapsack", "knapsack_posterior")
ARENA = dict(list(yaml.safe_load((CONFIGS / "arena.yaml").read_text())["arms"].items())[:20])
SHAPES = {
    "3 arms, 3 seeds, 4 cells": Shape(models=("tiny", "small"), arms=THREE, budgets=(4, 8), strategies=ARENA, every=1),
    "20 arms, 3 seeds": Shape(arms=tuple(ARENA), budgets=(4, 8), strategies=ARENA, steps=3),
    "20 arms, 1 seed": Shape(arms=tuple(ARENA), seeds=(0,), strategies=ARENA, steps=3),
}
MISSING = {"small-knapsack-n8-s1", "small-vip-n8-s2"}
RUN_FIGURES = [name for name in FIGURE_NAMES if FIGURES[name].needs_runs]


@pytest.fixture(scope="module", params=SHAPES, ids=[name.replace(", ", "-").replace(" ", "_") for name in SHAPES])
def shaped(request, tmp_path_factory):
    """Frames of a study of that shape; with three seeds some of its runs are not finished."""
    paths, run_ids = write_study(tmp_path_factory.mktemp("legible"), SHAPES[request.param])
    for run_id in MISSING & set(run_ids):
        paths.run(run_id).evals.unlink()
    analyse(paths.results, run_ids)
    return load_analysis(paths.analysis)


@pytest.fixture(scope="module")
def figures(shaped):
    """Each figure of the study, drawn once."""
    return {name: drawn(name, shaped) for name in FIGURE_NAMES}


def drawn(name, frames):
    """A figure, drawn, and its letters with the boxes they take; of ticks only those within the axes' limits."""
    with house_style():
        figure = draw_figure(name, frames)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        axes = [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
        ticks = {
            text
            for axis in axes
            for tick in [*axis.majorTicks, *axis.minorTicks]
            for text in (tick.label1, tick.label2)
        }
        ticks -= {text for axis in axes for tick in axis._update_ticks() for text in (tick.label1, tick.label2)}
        texts = [
            text
            for text in figure.findobj(Text)
            if text.get_text().strip() and text.get_visible() and text not in ticks
        ]
    return figure, [(text, text.get_window_extent(canvas.get_renderer())) for text in texts]


@pytest.mark.parametrize("name", FIGURE_NAMES)
def test_letters_are_legible_at_column_width(figures, name):
    """As wide as a column, no letter below 6 points, none cut off, none on another."""
    figure, texts = figures[name]
    width, height = figure.bbox.width, figure.bbox.height
    assert figure.get_figwidth() == COLUMN_WIDTH == 3.3
    assert min(text.get_fontsize() for text, _ in texts) >= SMALLEST == 6
    for place, (text, box) in enumerate(texts):
        inside = (box.x0 > -1, box.y0 > -1, box.x1 < width + 1, box.y1 < height + 1)
        assert all(inside), f"{text.get_text()!r} is cut"
        for other, taken in texts[place + 1 :]:
            across = min(box.x1, taken.x1) - max(box.x0, taken.x0)
            assert across <= 1 or min(box.y1, taken.y1) - max(box.y0, taken.y0) <= 1, (
                text.get_text(),
                other.get_text(),
            )


@pytest.mark.parametrize("name", FIGURE_NAMES)
def test_axes_have_labels(figures, name):
    """Every panel that shows ticks says what they are, or one beside it on the same row or column does."""
    figure, _ = figures[name]
    # Rows of names need no label; a note or title says what the columns are.
    if name not in ("transitions", "benchmarks", "forest", "league"):
        assert any(ax.get_ylabel() for ax in figure.axes)
        assert any(ax.get_xlabel() for ax in figure.axes)


@pytest.mark.parametrize("name", RUN_FIGURES)
def test_figures_say_how_many_seeds(shaped, figures, name):
    """Each cell's title has its n, as a range where runs are missing, and those are named."""
    _, texts = figures[name]
    words = [text.get_text().replace("\n", " ") for text, _ in texts]
    seeds = shaped.runs.dropna(subset="seed").groupby(["model", "budget", "arm"])["seed"].nunique()
    for (model, budget), counts in seeds.groupby(level=["model", "budget"]):
        low, high = counts.min(), counts.max()
        n = f"n = {low}" if low == high else f"n = {low}-{high}"
        assert any(re.search(rf"{model},? N = {int(budget)},? {n}\b", text) for text in words)
    missing = shaped.runs.loc[shaped.runs["status"] != "finished", "run_id"]
    noted = re.findall(r"Missing: (\d+) of (\d+) runs \(([^)]*)\)", " ".join(words))
    assert noted == ([(str(len(missing)), str(len(shaped.runs)), ", ".join(missing))] if len(missing) else [])


@pytest.mark.parametrize("name", ["zero_gradient", "gradient_split", "concentration", "beliefs", "compute_curves"])
def test_of_many_lines_a_few_stand_out(shaped, figures, name):
    """Every arm has its line; of twenty the others are grey, thinner and below, and a note counts them."""
    figure, texts = figures[name]
    lines = [line for line in figure.axes[0].lines if line.get_gid()]
    arms = {line.get_gid().removeprefix("arm:") for line in lines}
    assert arms == set(shaped.steps["arm"].unique())
    quiet = [line for line in lines if line.get_color() == QUIET_COLOR]
    assert len(quiet) == (len(arms) - MOST_HIGHLIGHTED if len(arms) > 6 else 0)
    loud = [line for line in lines if line not in quiet]
    assert {line.get_gid() for line in loud} >= {"arm:uniform", "arm:knapsack"}
    assert all(line.get_zorder() < loud[0].get_zorder() and line.get_linewidth() < 0.6 for line in quiet)
    assert any(f"the other {len(quiet)} arms" in text.get_text().replace("\n", " ") for text, _ in texts) == bool(quiet)


def test_report_can_hide_every_arm(shaped):
    """Grey or not, each arm's marks and its entries in legends carry its name."""
    arms = set(shaped.steps["arm"].unique())
    for name in ("compute_curves", "benchmarks"):
        with house_style():
            whole = draw_figure(name, shaped)
            svg = figure_views(name, partial(draw_figure, name), frames=shaped, whole=whole)[0]["svg"]
        owners = re.findall(r'data-arm="([^"]+)"', svg)
        few_and_paired = name == "benchmarks" and len(arms) <= MOST_COLORED
        assert set(owners) == (arms - {"uniform"} if few_and_paired else arms)
        assert owners.count("knapsack") > 2


def test_arms_are_rows_sorted_by_effect(shaped, figures):
    """With twenty arms, each is a row with its name, best first by the paired difference."""
    arms = shaped.steps["arm"].unique()
    figure, _ = figures["benchmarks"]
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    if len(arms) <= 6:
        assert names == ["ops2", "ops3", "average"]
        return
    assert set(names) == set(arms)
    points = {line.get_gid(): line for line in figure.axes[1].lines if line.get_gid() and len(line.get_xdata()) == 1}
    effects = [points[f"arm:{name}"].get_xdata()[0] for name in names]
    assert effects == sorted(effects, reverse=True)
    assert effects[names.index("uniform")] == 0
    colors = {label.get_text(): label.get_color() for label in figure.axes[0].get_yticklabels()}
    assert colors["knapsack"] == "#D55E00"
    assert colors["vip"] == "black"


def test_effects_are_paired():
    """An arm is compared over the seeds it shares with the baseline; without any it stands last."""
    seeds = pd.DataFrame({"uniform": [0.1, 0.5], "a": [0.2, np.nan], "b": [0.15, 0.7], "c": [np.nan, np.nan]})
    assert effect_order(seeds, baseline="uniform") == ["b", "a", "uniform", "c"]
    assert effect_order(seeds, baseline=None) == ["b", "uniform", "a", "c"]


def test_short_labels():
    """A tick of a difference and a long name take as little room as can be."""
    assert [short_difference(value, 0) for value in (-0.05, 0.0, 0.1, 1.5)] == ["-.05", "0", "+.1", "+1.5"]
    assert broken("knapsack_posterior", 14) == "knapsack_\nposterior"
    assert broken("qwen3-4b", 14) == "qwen3-4b"


def test_curves_are_against_rollouts_and_tokens(shaped, figures):
    """Two rows of panels; what was not measured needs no words."""
    figure, _ = figures["compute_curves"]
    assert len(figure.axes) == 2 * len(shaped.steps[["model", "budget"]].drop_duplicates())
    labels = [label for ax in figure.axes if (label := ax.get_xlabel())]
    assert set(labels) == {"generated rollouts", "generated response tokens"}


def test_uniform_shows_below_what_it_equals(figures):
    """Where every arm has a belief about every prompt all lines are one: the baseline's is wider and lies below."""
    lines = {line.get_gid(): line for line in figures["beliefs"][0].axes[0].lines if line.get_gid()}
    uniform, knapsack = lines["arm:uniform"], lines["arm:knapsack"]
    assert uniform.get_linewidth() > 2 * knapsack.get_linewidth()
    assert uniform.get_zorder() < knapsack.get_zorder()


def test_legends_of_the_theorem_stand_above_their_panels(figures):
    """Each panel explains its own marks."""
    left, right = figures["theorem"][0].axes
    names = [{text.get_text() for text in ax.get_legend().get_texts()} for ax in (left, right)]
    assert "paper's bound for 90%" in names[0]
    assert {"with the bound's N", "with the fewest"} <= names[1]
    assert not figures["theorem"][0].legends
