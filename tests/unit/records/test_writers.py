"""A message about a missing file names the command that writes it."""

from pathlib import Path

import pytest

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.records import STEPS, read_table
from knapsack_rl.records.writers import command_for

PATHS = StudyPaths.of("arithmetic")
RUN = PATHS.run("tiny-uniform-n8-s0")


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (PATHS.analysis / "steps.parquet", "knapsack-rl analyse --study"),
        (PATHS.tables / "differences.csv", "knapsack-rl table --study"),
        (PATHS.views / "forest.json", "knapsack-rl figure --study"),
        (PATHS.problems("s0").train, "knapsack-rl prepare --study"),
        (RUN.evals, "knapsack-rl evaluate --study"),
        (RUN.probe, "knapsack-rl evaluate --study"),
        (RUN.folder / "steps.parquet", "knapsack-rl train --study"),
        (Path("elsewhere.parquet"), "make reproduce"),
    ],
)
def test_every_file_of_a_study_has_its_command(path, command):
    """By the folder that it lies in, not by its name alone."""
    assert command_for(path).startswith(command)


def test_the_command_works_as_it_stands(tmp_path):
    """The study file that the workflow leaves, and the run, are in it."""
    paths = StudyPaths.of("arithmetic", tmp_path)
    paths.results.mkdir(parents=True)
    paths.study_file.write_text("{}")
    missing = paths.run("tiny-uniform-n8-s0").folder / "steps.parquet"
    with pytest.raises(InputError) as caught:
        read_table(missing, STEPS)
    expected = f"knapsack-rl train --study {paths.study_file} --run tiny-uniform-n8-s0"
    assert str(caught.value) == f"{missing}: no such file; write it first with: {expected}"
