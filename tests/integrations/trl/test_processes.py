"""Two processes on a CPU (gloo)."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from knapsack_rl.grpo import group_advantages

from .small import reward, rows

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def seen(tiny_model_folder, tmp_path_factory):
    """Folder of three runs, and what each of the two processes saw of them."""
    folder = tmp_path_factory.mktemp("processes")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    program = ["-m", "tests.integrations.trl.processes_program", str(tiny_model_folder), str(folder)]
    done = subprocess.run([*command, *program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, [json.loads((folder / f"process_{number}.json").read_text()) for number in range(2)]


def test_uniform_equals_trl(seen):
    """Bit for bit, on both."""
    for process in seen[1]:
        assert process["processes"] == 2
        assert process["stock"] == process["uniform"] == seen[1][0]["stock"]
        assert process["logs_agree"]


def test_processes_agree(seen):
    """On counts, outcomes, beliefs and weights."""
    first, second = seen[1]
    assert first["batches"] == second["batches"]
    assert first["state"] == second["state"]
    assert first["knapsack"] == second["knapsack"] != first["uniform"]
    saved = json.loads((seen[0] / "run" / "checkpoint-4" / "knapsack.json").read_text())
    assert saved["step"] == 2


def test_rows_move_to_the_slots_of_other_processes(seen):
    """Every completion answers the prompt that owns its slot, and has that prompt's advantage."""
    texts, uneven = dict(zip(rows()["id"], rows()["prompt"], strict=True)), 0
    for number, (ids, counts, rewards) in enumerate(seen[1][0]["batches"]):
        table = pd.read_parquet(seen[0] / "run" / "completions" / f"completions_{2 * number + 1:05d}.parquet")
        owners = np.repeat(ids, counts)
        assert len(table) == 16
        assert table["prompt"].tolist() == [texts[owner] for owner in owners]
        assert (
            table["reward"].tolist() == reward(table["completion"], owners) == [r for group in rewards for r in group]
        )
        wanted = np.concatenate(group_advantages(rewards, epsilon=1e-4))
        assert table["advantage"].to_numpy() == pytest.approx(wanted, abs=1e-5)
        uneven += len(set(counts)) > 1
    assert uneven
