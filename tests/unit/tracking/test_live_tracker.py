"""The live stream reaches MLflow, and never holds up or breaks a training run."""

import logging
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from knapsack_rl.config import RunConfig
from knapsack_rl.tracking import LiveTracker

RUN = "small-knapsack-n4-s0"


def stream(config: RunConfig, results_root: Path, records: list[dict]) -> None:
    live = LiveTracker.start(config, results_root, interval_s=0.01)
    for record in records:
        live.log_step(record)
        time.sleep(0.02)
    live.close(timeout_s=60, finished=records[-1]["step"] == config.train.steps)


def test_steps_reach_mlflow(workplace):
    """Values, description and final status are there after `close`."""
    stream(workplace.runs[RUN], workplace.results_root, [workplace.make_record(step) for step in (1, 2, 3)])

    run = workplace.mlflow_runs()[RUN]
    assert "FINISHED" == run.info.status
    assert "knapsack" == run.data.tags["arm"]
    assert "3" == run.data.params["train.steps"]
    assert [(1, 0.5), (2, 0.25), (3, 0.5 / 3)] == workplace.history(RUN, "train/loss")


def test_live_values_equal_synced_values(workplace):
    """Both ways give a metric the same name and value."""
    stream(workplace.runs[RUN], workplace.results_root, [workplace.make_record(step) for step in (1, 2, 3)])
    live = workplace.mlflow_runs()[RUN].data.metrics

    workplace.sync()

    synced = workplace.mlflow_runs()[RUN].data.metrics
    assert live == {name: value for name, value in synced.items() if not name.startswith(("eval/", "final/"))}


def test_interrupted_run_is_continued(workplace):
    """A resumed attempt writes into the MLflow run of the first one."""
    config = workplace.runs[RUN]
    stream(config, workplace.results_root, [workplace.make_record(1)])
    first = workplace.mlflow_runs()[RUN]

    stream(config, workplace.results_root, [workplace.make_record(2), workplace.make_record(3)])

    second = workplace.mlflow_runs()[RUN]
    assert first.info.run_id == second.info.run_id
    assert ("KILLED", "FINISHED") == (first.info.status, second.info.status)
    assert [1, 2, 3] == [step for step, _ in workplace.history(RUN, "train/loss")]


def test_synced_run_is_not_continued(workplace):
    """Training again what a sync has completed starts another MLflow run."""
    workplace.sync()
    synced = workplace.mlflow_runs()[RUN].info.run_id
    workplace.runs.pop("small-knapsack-n4-s1")

    stream(workplace.runs[RUN], workplace.results_root, [workplace.make_record(1, loss=7.0)])

    assert [1, 2, 3] == sorted(v.step for v in workplace.client().get_metric_history(synced, "train/loss"))
    assert 1 == workplace.sync()["deleted"]
    assert synced == workplace.mlflow_runs()[RUN].info.run_id


@pytest.mark.slow
def test_two_processes_stream_at_once(workplace):
    """SQLite has one writer; the other waits its turn, and the store may be new to both."""
    (workplace.results_root / "mlflow" / "mlflow.db").unlink()
    records = [workplace.make_record(step) for step in (1, 2, 3)] * 10
    context = multiprocessing.get_context("spawn")
    jobs = [
        context.Process(target=stream, args=(config, workplace.results_root, records))
        for config in workplace.runs.values()
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(120)

    assert [0, 0] == [job.exitcode for job in jobs]
    for name in workplace.runs:
        assert {1, 2, 3} == {step for step, _ in workplace.history(name, "train/loss")}
        assert "FINISHED" == workplace.mlflow_runs()[name].info.status


def test_locked_store_is_waited_for(workplace):
    """A writer that holds the database for longer than SQLite's patience delays the stream, no more."""
    import sqlite3

    workplace.client()
    live = LiveTracker.start(workplace.runs[RUN], workplace.results_root, interval_s=0.01)
    blocker = sqlite3.connect(workplace.results_root / "mlflow" / "mlflow.db", timeout=60)
    blocker.execute("BEGIN IMMEDIATE")
    live.log_step(workplace.make_record(1))
    time.sleep(6)
    blocker.rollback()
    blocker.close()
    live.close(timeout_s=60)

    assert [(1, 0.5)] == workplace.history(RUN, "train/loss")


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1", "no-such-scheme://x", "sqlite:////proc/no/such.db"])
def test_dead_store_neither_fails_nor_delays(workplace, monkeypatch, caplog, uri):
    """At most one warning, and less than the two seconds that `close` may take, however many steps there are."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    caplog.set_level(logging.WARNING)
    began = time.monotonic()

    live = LiveTracker.start(workplace.runs[RUN], workplace.results_root, interval_s=0.01)
    for step in range(1, 5000):
        live.log_step(workplace.make_record(step))
    steps_took = time.monotonic() - began
    live.close()

    assert steps_took < 1.5
    assert time.monotonic() - began < steps_took + 2.5
    assert len([record for record in caplog.records if record.name.startswith("knapsack_rl")]) == 1


def test_oldest_steps_are_dropped_when_the_queue_is_full(workplace):
    """Memory stays bounded while a store hangs."""
    from knapsack_rl.tracking.live import MAX_WAITING

    tracker = LiveTracker(workplace.runs[RUN], workplace.results_root)
    for step in range(1, MAX_WAITING + 11):
        tracker.log_step(workplace.make_record(step))

    assert MAX_WAITING == len(tracker._waiting)
    assert 11 == tracker._waiting[0][0]["step"]


def test_mlflow_is_loaded_by_the_thread_only(tmp_path):
    """Importing the package and starting a tracker costs the training process nothing; nothing is printed."""
    code = (
        "import sys, knapsack_rl.tracking as tracking\n"
        "assert not {'mlflow', 'pandas', 'torch'} & set(sys.modules)\n"
        "from pathlib import Path\n"
        "tracking.create_store('tiny', Path('results'))\n"
        "assert 'mlflow' in sys.modules\n"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
