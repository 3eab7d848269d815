"""Figures of the simulation hold their data."""

import numpy as np
import pandas as pd
import pytest

from knapsack_rl.allocation.grids import value_rows
from knapsack_rl.allocation.theorem import theorem_rows
from knapsack_rl.analysis.drawing.style import house_style
from knapsack_rl.analysis.products.estimation import draw_estimation, estimation_means
from knapsack_rl.analysis.products.simulated_run import draw_counts, draw_epochs
from knapsack_rl.analysis.products.theory import draw_gradient_curves, draw_theorem, draw_value_contour
from knapsack_rl.cli.simulation_files import epoch_means
from knapsack_rl.simulation import POOLS, SimulationSpec, simulate
from knapsack_rl.simulation.classes import allocation_rows
from knapsack_rl.simulation.estimation import EstimationSpec, estimation_rows


@pytest.fixture(autouse=True)
def _style():
    with house_style():
        yield


@pytest.fixture(scope="module")
def run():
    return simulate(SimulationSpec(pool=POOLS["hard"], strategy="knapsack", num_prompts=128, batch=64, epochs=3))


def test_epochs(run):
    """One panel per measure, one point per epoch; the gain is a ratio of sums."""
    steps = pd.DataFrame(run.steps).assign(strategy="knapsack")
    epochs = epoch_means(steps)
    last = steps[steps["epoch"] == 2]
    assert epochs["gain"].iloc[-1] == last["objective"].sum() / last["objective_uniform"].sum() - 1
    assert np.isnan(epochs["discovery_frac"].iloc[0])
    figure = draw_epochs(epochs)
    assert [len(ax.lines[0].get_xdata()) for ax in figure.axes] == [3] * 6


def test_counts(run):
    """Believed and true rates side by side, on one scale."""
    figure = draw_counts(pd.DataFrame(allocation_rows(run.last_epoch)).assign(strategy="knapsack"), uniform=8)
    assert [bool(ax.lines) and bool(ax.collections) for ax in figure.axes] == [True, True]


def test_theory():
    """Contour, curves and theorem draw from their tables alone."""
    values = pd.DataFrame(value_rows())
    assert draw_value_contour(values).axes[0].collections
    assert [len(ax.lines) for ax in draw_gradient_curves(values).axes] == [5, 5]
    assert len(draw_theorem(pd.DataFrame(theorem_rows([0.1, 0.5], num_trials=100))).axes) == 2


def test_estimation():
    """Means carry intervals over batches; known rates stand at the right."""
    spec = EstimationSpec(pool=POOLS["hard"], num_batches=4, batch=32)
    frame = pd.DataFrame(estimation_rows(spec, {"uniform": {}, "knapsack": {}}, draws=(8, 16, 0)))
    means = estimation_means(frame)
    assert len(means) == 6
    assert (means["gain_low"] <= means["gain"]).all()
    figure = draw_estimation(frame)
    assert [text.get_text() for text in figure.axes[-1].get_xticklabels()] == ["8", "16", "known"]
