"""Made-up studies with known truth."""

import pytest
from made_up import Shape, write_study

from knapsack_rl.analysis.frames.study import load_analysis
from knapsack_rl.analysis.make import analyse


@pytest.fixture
def make_study(tmp_path):
    """Writes a made-up study of a given shape; returns its paths and run ids."""
    return lambda shape: write_study(tmp_path, shape)


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """An analysed study of 2 arms x 2 budgets x 3 seeds x 6 steps; read only."""
    paths, run_ids = write_study(tmp_path_factory.mktemp("study"), Shape(budgets=(4, 8)))
    analyse(paths.results, run_ids)
    return paths


@pytest.fixture(scope="session")
def frames(study):
    """The tidy frames of ``study``; read only."""
    return load_analysis(study.analysis)
