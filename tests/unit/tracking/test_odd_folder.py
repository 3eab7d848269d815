"""A project whose folder has characters that mean something in an address."""

from pathlib import Path

import pytest

pytest.importorskip("mlflow")

from knapsack_rl.tracking.store import create_store, open_experiment


@pytest.mark.parametrize("name", ["what?", "a%20b", "c#1", "plain b"])
def test_store_and_artifacts_lie_in_the_project(tmp_path, monkeypatch, name):
    """Nothing is made beside the folder, and an artifact is found again."""
    project = tmp_path / name
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    create_store("study", Path("results"))
    assert (project / "results/mlflow/mlflow.db").stat().st_size > 0
    experiment = open_experiment("study", Path("results"))
    run = experiment.client.create_run(experiment.id).info.run_id
    experiment.client.log_text(run, "text", "note.txt")
    assert [path.name for path in project.rglob("note.txt")] == ["note.txt"]
    assert list(tmp_path.iterdir()) == [project]
