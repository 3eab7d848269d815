"""A moved project keeps its artifacts, and nothing waits for ever."""

import shutil
import socket
import sqlite3
import time
from pathlib import Path

import pytest
from filelock import FileLock

from knapsack_rl.base.errors import InputError, OutputError
from knapsack_rl.tracking import runs_page, store
from knapsack_rl.tracking.moved import belongs_here
from knapsack_rl.tracking.store import open_experiment, patiently


def test_moved_project_writes_and_reads_at_the_new_place(workplace, tmp_path):
    """Old artifacts are read, and new ones written, where the project is now."""
    workplace.sync()
    old = workplace.root
    workplace.root = tmp_path / "moved#1"
    shutil.move(old, workplace.root)
    (workplace.results / "tables" / "new.csv").write_text("a\n")

    found = workplace.client().list_artifacts(workplace.mlflow_runs()["summary"].info.run_id, "tables")
    assert ["tables/benchmarks.csv"] == [file.path for file in found]
    workplace.sync()

    assert not old.exists()
    assert list((workplace.results_root / "mlflow" / "artifacts").rglob("new.csv"))


def test_lock_held_by_another_process_ends_in_one_line(workplace, caplog):
    """It is said what is waited for."""
    with FileLock(workplace.results_root / "mlflow" / "store.lock"), pytest.raises(OutputError, match=r"store\.lock"):
        open_experiment("tiny", workplace.results_root, lock_wait_s=0.1)

    assert "waiting up to 0.1 s" in caplog.text


def test_server_that_never_answers_is_given_up(monkeypatch, tmp_path):
    """It accepts the connection, and no more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.getsockname()[1]}")
        start = time.monotonic()
        with pytest.raises(OutputError, match="no answer within"):
            open_experiment("tiny", tmp_path, answer_wait_s=0.2)
    assert time.monotonic() - start < 5


def test_a_server_that_never_answers_is_named_before_it_is_waited_for(monkeypatch, tmp_path, caplog):
    """And it costs a training's start no more than the wait."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{server.getsockname()[1]}/?token=secret")
        with pytest.raises(OutputError, match="no answer within"):
            open_experiment("tiny", tmp_path, answer_wait_s=0.5)
    assert "does not answer; waiting up to 0.5 s for it" in caplog.text
    assert "secret" not in caplog.text


def test_a_busy_store_is_named_while_it_is_waited_for(monkeypatch, caplog):
    """Another process writes for longer than SQLite itself waits."""
    monkeypatch.setattr(store, "SAY_AFTER_S", 0.0)
    begun = time.monotonic()

    def locked_for_a_second():
        if time.monotonic() < begun + 0.3:
            raise sqlite3.OperationalError("database is locked")
        return "done"

    assert patiently(locked_for_a_second) == "done"
    assert "the MLflow store is busy (database is locked); waiting for it, up to 180 s" in caplog.text


def test_artifacts_that_are_where_the_store_says_are_left_there(tmp_path):
    """Only a location of the same kind at which there is nothing any more is mended."""
    here, elsewhere = tmp_path / "a/mlflow/artifacts/s", tmp_path / "b/mlflow/artifacts/s"
    here.mkdir(parents=True)
    assert belongs_here(str(elsewhere), here)
    assert belongs_here(elsewhere.as_uri(), here)
    assert not belongs_here("s3://bucket/mine", here)
    elsewhere.mkdir(parents=True)
    assert not belongs_here(str(elsewhere), here)
    assert belongs_here(str(here), here)


def test_a_project_may_be_moved_with_its_artifacts(workplace, monkeypatch, tmp_path):
    """Locations are relative to the project's folder, where its commands run, so nothing has to be mended."""
    monkeypatch.chdir(workplace.root)
    receipt = workplace.sync(results_root=Path("results"))
    assert receipt["artifacts"] > 0
    experiment = open_experiment("tiny", Path("results"))
    assert experiment.client.get_experiment(experiment.id).artifact_location == "results/mlflow/artifacts/tiny"
    moved = tmp_path / "moved"
    workplace.root.rename(moved)
    monkeypatch.chdir(moved)
    client = open_experiment("tiny", Path("results")).client
    runs = {run.info.run_name: run for run in client.search_runs([experiment.id])}
    summary = runs["summary"].info
    assert summary.artifact_uri == f"results/mlflow/artifacts/tiny/{summary.run_id}/artifacts"
    assert {file.path for file in client.list_artifacts(summary.run_id)} >= {"tables", "figures"}
    assert list((moved / "results/mlflow/artifacts/tiny").rglob("benchmarks.csv"))


def test_the_page_of_a_study_is_its_table_of_runs(workplace, tmp_path):
    """By name, else that which changed last; without runs one line says so."""
    with pytest.raises(InputError, match="no runs yet"):
        runs_page(tmp_path / "nothing", study=None, port=5000)
    workplace.sync()
    experiment = open_experiment("other", workplace.results_root)
    pages = {name: runs_page(workplace.results_root, study=name, port=81) for name in ("other", "nobody", None)}
    assert pages["other"] == f"http://127.0.0.1:81/#/experiments/{experiment.id}/runs?workflowType=machine_learning"
    assert len(set(pages.values())) <= 2
