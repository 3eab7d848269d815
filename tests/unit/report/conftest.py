"""A finished made-up study: tables written, figures drawn. The builder lives with the tests of the analysis."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "analysis"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Paths of a study of 2 arms x 3 seeds x 6 steps with all its products; read only."""
    from made_up import Shape, write_study

    from knapsack_rl.analysis.catalogue import FIGURE_NAMES, TABLE_NAMES
    from knapsack_rl.analysis.make import analyse, draw_figures, write_result_tables

    paths, run_ids = write_study(tmp_path_factory.mktemp("finished"), Shape())
    analyse(paths.results, run_ids)
    folders = {"figures_folder": paths.figures, "views_folder": paths.views}
    write_result_tables(TABLE_NAMES, analysis_folder=paths.analysis, tables_folder=paths.tables)
    draw_figures(FIGURE_NAMES, analysis_folder=paths.analysis, **folders)
    return paths


@pytest.fixture(scope="session")
def study_config():
    """Configuration of the finished study."""
    from made_up import Shape

    return Shape().study()
