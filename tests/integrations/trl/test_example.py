"""The example runs as it stands."""

import re
import subprocess
import sys
from pathlib import Path

from . import small as _skips_without_trl  # noqa: F401

EXAMPLE = Path(__file__).parents[3] / "examples" / "trl_knapsack.py"


def test_example_runs(tmp_path):
    """A line per step; groups become uneven once the prompts are known, and the model learns."""
    done = subprocess.run([sys.executable, EXAMPLE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = re.findall(r"^reward ([\d.]+) .*most rollouts (\d+)$", done.stdout, re.MULTILINE)
    rewards, most = [float(reward) for reward, _ in lines], [int(number) for _, number in lines]
    assert len(lines) == 12
    assert most[0] == 8 < max(most[2:])
    assert sum(rewards[-3:]) > sum(rewards[:3])
