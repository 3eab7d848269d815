"""Addresses of the MLflow store: refused, read, and shown without secrets."""

from pathlib import Path

import pytest

from knapsack_rl.base.errors import InputError
from knapsack_rl.tracking import create_store
from knapsack_rl.tracking.address import check_uri, database_of, without_credentials


@pytest.mark.parametrize(
    "uri",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite+pysqlite://",
        "sqlite:///file::memory:?cache=shared&uri=true",
        "sqlite:///file:x?mode=memory&uri=true",
        "file:///tmp/mlruns",
        "file:mlruns",
        "./mlruns",
    ],
)
def test_stores_that_keep_nothing_are_refused(monkeypatch, tmp_path, uri):
    """One line before any training, and nothing is written."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)

    with pytest.raises(InputError, match="MLFLOW_TRACKING_URI"):
        create_store("tiny", tmp_path / "results")

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("uri", ["http://host:5000", "sqlite:////a/x.db?timeout=60", "postgresql://u:p@h/db"])
def test_stores_that_keep_runs_are_accepted(uri):
    """Servers, files and databases."""
    check_uri(uri)


def test_options_are_no_part_of_the_file():
    """SQLite's options follow a question mark."""
    assert Path("/a b/x.db") == database_of("sqlite:////a b/x.db?timeout=60")


@pytest.mark.parametrize(
    "address",
    [
        "http://me:s3cret@host/api",
        "http://me:p/s3cret@host/api",
        "http://host/?token=s3cret",
        "http://host/?a=1&api_key=s3cret",
        "http://host/?password=s3cret&timeout=5",
        "http://host/?mode=s3cret",
        "http://host/?s3cret",
        "http://host/?token%3Ds3cret",
        "http://host/?token=a's3cret",
        "http://host/#token=s3cret",
        "postgresql://me:s3cret@host/db",
        "url: /api/2.0/mlflow/experiments?token=s3cret",
        "sqlite:///x.db?timeout=60&key=s3cret",
    ],
)
def test_secrets_are_hidden(address):
    """Whatever they are called, and wherever they stand."""
    shown = without_credentials(f"GET {address} failed")
    assert "s3cret" not in shown
    assert shown.endswith(" failed")


def test_what_is_no_secret_is_shown():
    """The host, and SQLite's own options."""
    assert without_credentials("https://me:p@host:5000/x?t=1") == "https://host:5000/x?***"
    assert without_credentials("sqlite:///x.db?timeout=60") == "sqlite:///x.db?timeout=60"


@pytest.mark.parametrize("name", ["what?", "a%20b", "a b#c"])
def test_folder_with_characters_of_an_address(monkeypatch, tmp_path, empty_store, name):
    """The database lies where it is meant to, and nowhere else."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = tmp_path / name / "results" / "mlflow"
    folder.mkdir(parents=True)
    (folder / "mlflow.db").write_bytes(empty_store)

    create_store("tiny", folder.parent)

    assert [name] == [path.name for path in tmp_path.iterdir()]
    assert empty_store != (folder / "mlflow.db").read_bytes()
