"""Examples of the documents are run as they are printed: Python sessions, and shell blocks marked `sh`."""

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
SESSIONS = [path for path in DOCUMENTS if ">>> " in path.read_text(encoding="utf-8")]
SHELL = re.compile(r"^```sh\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
SCRIPTS = [path for path in DOCUMENTS if SHELL.search(path.read_text(encoding="utf-8"))]
README_CODE = re.compile(r"^```python\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)


def _name(path):
    return str(path.relative_to(ROOT))


def test_examples_are_found():
    """The other tests would pass on an empty list."""
    assert {"docs/how_to/own_training_loop.md", "docs/reference/api.md"} <= set(map(_name, SESSIONS))
    assert "docs/tutorial.md" in map(_name, SCRIPTS)


@pytest.mark.parametrize("path", SESSIONS, ids=_name)
def test_python_sessions_print_what_they_say(path):
    """By doctest."""
    result = doctest.testfile(str(path), module_relative=False)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("path", SCRIPTS, ids=_name)
def test_shell_blocks_run(path, tmp_path):
    """One after the other, in a folder that has the repository's studies; the first failure ends them."""
    for folder in ("config", ".test"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("results", "screenshots"))
    program = f'set -eu\nknapsack-rl() {{ {sys.executable} -m knapsack_rl.cli.start "$@"; }}\n'
    done = subprocess.run(
        ["bash", "-c", program + "\n".join(SHELL.findall(path.read_text(encoding="utf-8")))],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if path.name == "tutorial.md":  # the edit that it prints does what it says
        assert [run.split("-")[1] for run in done.stdout.splitlines()[-3:]] == ["uniform", "knapsack", "posterior"]


def test_the_readmes_python_runs():
    """Counts that sum to the total."""
    (code,) = README_CODE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    names = {}
    exec(compile(code.replace("\nallocate(", "\ncounts = allocate(", 1), "README.md", "exec"), names)  # noqa: S102
    assert names["counts"].sum() == 32
