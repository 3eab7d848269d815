"""A rank that is told to end ends, whatever it is doing."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.torch
PATIENCE_S = 60.0
WAITS = """
from knapsack_rl.train.launch import as_rank
from knapsack_rl.learner.ranks import join_ranks
with as_rank():
    print("joining", flush=True)
    join_ranks()
"""


@pytest.fixture
def rank():
    """Rank 0 of two; the other never comes, so that it waits inside torch."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "RANK": "0", "WORLD_SIZE": "2"}
    process = subprocess.Popen(
        [sys.executable, "-c", WAITS], env=os.environ | place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.wait()


def test_rank_that_waits_for_the_others_ends_at_once(rank):
    """Python runs no handler of its own before the collective returns."""
    assert rank.stdout.readline() == "joining\n"
    time.sleep(2.0)
    rank.terminate()
    _, said = rank.communicate(timeout=PATIENCE_S / 6)
    assert (rank.returncode, said) == (-signal.SIGTERM, "")


def test_child_that_has_gone_meanwhile_is_no_error(monkeypatch):
    """Torch ends the ranks too: one can go between being listed and being told."""
    import psutil

    from knapsack_rl.train import launch

    process = subprocess.Popen([sys.executable, "-c", "pass"])
    listed = psutil.Process(process.pid)
    process.wait()
    monkeypatch.setattr(psutil.Process, "children", lambda *_, **__: [listed])
    launch._end_children()
