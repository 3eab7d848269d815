"""A moved project keeps its artifacts, and nothing waits for ever."""

import shutil
import socket
import time

import pytest
from filelock import FileLock

from knapsack_rl.base.errors import OutputError
from knapsack_rl.tracking.store import open_experiment


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
