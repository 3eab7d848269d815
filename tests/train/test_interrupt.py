"""Ctrl-C while a run of several ranks is starting: one line, exit code 130, no process left."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from .conftest import Bench

pytestmark = [pytest.mark.torch, pytest.mark.slow]
PATIENCE_S = 120.0


@pytest.fixture
def started(tmp_path, tiny_model_folder):
    """`knapsack-rl train` of a run with two ranks on the CPU, as a terminal starts it."""
    job = Bench(tmp_path).job(arm="uniform", max_response_tokens=6, steps=1000)
    config = job.config.model_copy(
        update={
            "model": job.config.model.model_copy(update={"build": None, "path": str(tiny_model_folder)}),
            "learner": job.config.learner.model_copy(update={"gpus": 2, "device": "cpu"}),
        }
    )
    (tmp_path / "run.json").write_text(config.model_dump_json())
    process = subprocess.Popen(
        [sys.executable, "-m", "knapsack_rl.cli.start", "train", "--config", "run.json"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _ranks(process):
    """The launched ranks, once both are there."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        found = psutil.Process(process.pid).children(recursive=True)
        if len(found) >= 2:
            return found
        time.sleep(0.01)
    pytest.fail("the ranks were not started")


def _interrupt(process):
    """What Ctrl-C in a terminal does, and what is then said."""
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE_S)
    return [line for line in said.splitlines() if line and "step/s]" not in line]


@pytest.mark.parametrize("delay_s", [0.0, 0.5, 3.0])
def test_ctrl_c_while_ranks_start(started, delay_s):
    """As soon as their processes exist, while they load modules, while they join."""
    ranks = _ranks(started)
    time.sleep(delay_s)
    assert _interrupt(started) == ["interrupted; the same command continues from the last saved state"]
    assert started.returncode == 130
    assert not [rank for rank in ranks if rank.is_running() and rank.status() != psutil.STATUS_ZOMBIE]


def test_ctrl_c_while_the_command_itself_is_loaded(started):
    """Before anything could have been saved."""
    time.sleep(0.3)
    (line,) = _interrupt(started)
    assert line.startswith("interrupted")
    assert started.returncode == 130
