"""Where the store is, and that it can be created again and again."""

import logging
from pathlib import Path

import pytest

from knapsack_rl.base.errors import OutputError
from knapsack_rl.tracking import create_store, tracking_uri
from knapsack_rl.tracking.store import one_line


def test_default_store_is_a_file_below_results(monkeypatch, tmp_path):
    """The address is absolute, so that it does not depend on where a job is started."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)

    assert f"sqlite:///{tmp_path.resolve()}/results/mlflow/mlflow.db" == tracking_uri(Path("results"))


def test_environment_names_another_store(monkeypatch, workplace, tmp_path):
    """MLFLOW_TRACKING_URI wins; the default store is left alone."""
    default = workplace.results_root / "mlflow" / "mlflow.db"
    elsewhere = tmp_path / "elsewhere.db"
    elsewhere.write_bytes(default.read_bytes())
    untouched = default.read_bytes()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{elsewhere}")

    workplace.sync()

    assert f"sqlite:///{elsewhere}" == tracking_uri(workplace.results_root)
    assert "small-knapsack-n4-s0" in workplace.mlflow_runs()
    assert untouched == default.read_bytes()


def test_creating_twice_makes_one_experiment(workplace):
    """Artifacts of the study lie beside the store."""
    create_store("tiny", workplace.results_root)
    create_store("tiny", workplace.results_root)

    experiment = workplace.client().get_experiment_by_name("tiny")
    assert str(workplace.results_root / "mlflow" / "artifacts" / "tiny") == experiment.artifact_location


def test_unwritable_store_is_an_error(monkeypatch, tmp_path):
    """A local store is a precondition, so its absence is the user's to mend."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "results").write_text("a file, not a folder")

    with pytest.raises(OutputError, match="results/mlflow"):
        create_store("tiny", tmp_path / "results")


def test_dead_server_is_only_warned_of(monkeypatch, tmp_path, caplog):
    """Training must be able to start without the server."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    caplog.set_level(logging.WARNING, logger="knapsack_rl")

    create_store("tiny", tmp_path / "results")

    assert "MLflow cannot be reached" in caplog.text


def test_logged_errors_hide_credentials():
    """User and password of an address never reach a log."""
    assert "GET http://host/api failed" == one_line(ValueError("GET http://me:secret@host/api failed\nmore"))


def test_store_killed_while_it_was_made_is_made_anew(monkeypatch, tmp_path):
    """A database appears whole or not at all: what a kill left half-migrated is thrown away."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = tmp_path / "results" / "mlflow"
    folder.mkdir(parents=True)
    (folder / ".mlflow.db.unfinished").write_bytes(b"half a database")

    create_store("study", tmp_path / "results")

    assert sorted(path.name for path in folder.iterdir() if path.suffix != ".lock") == ["mlflow.db"]
