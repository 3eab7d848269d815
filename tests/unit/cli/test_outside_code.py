"""Code of other packages on the command line, as a user types it: one file in the current folder is enough."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
PROGRAM = "from knapsack_rl.cli.start import run; run()"
BELIEF = """
from knapsack_rl.beliefs.cumulative import Cumulative


class Remembers(Cumulative):
    name = "remembers"
"""


@pytest.fixture
def folder(tmp_path):
    """The examples of the documentation, a belief, prompts and cases."""
    for name, guide in (("near_half", "adding_a_strategy"), ("largest_digit", "adding_a_task"), ("strict", "grading")):
        text = (DOCS / f"{guide}.md").read_text(encoding="utf-8")
        (tmp_path / f"{name}.py").write_text(re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)[0])
    (tmp_path / "memory.py").write_text(BELIEF)
    (tmp_path / "p.csv").write_text("id,success_rate\na,0.5\nb,0.05\nc,1\n")
    cases = [{"response": "so\n5", "answer": "5"}, {"response": "5 it is", "answer": "5"}]
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    return tmp_path


def _run(*arguments, cwd):
    """The console script: unlike `python -m` it has no current folder on its path."""
    isolated = [sys.executable, "-P", "-c", PROGRAM]
    return subprocess.run([*isolated, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_allocate(folder):
    """The prompt at one half gets most."""
    done = _run("allocate", "p.csv", "--strategy", "near_half:NearHalf", "--options", '{"width": 0.1}', cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["id,rollouts", "a,20", "b,2", "c,2"]


def test_simulate(folder):
    """Strategy and belief of files."""
    names = ("--strategy", "near_half:NearHalf", "--belief", "memory:Remembers")
    done = _run("simulate", *names, "--prompts", "32", "--batch", "16", "--epochs", "2", "--output", "sim", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "near_half:NearHalf  effective ratio" in done.stdout
    assert "belief memory:Remembers under near_half:NearHalf" in done.stdout


def test_grade(folder):
    """The last line, to the letter."""
    done = _run("grade", "cases.jsonl", "--grader", "strict:Strict", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["verdict"] for line in done.stdout.splitlines()] == [1, 0]


def test_prepare(folder):
    """Problems of the printed task."""
    task = json.dumps({"name": "largest_digit:LargestDigit", "options": {"num_train": 8}})
    done = _run("prepare", "--task", task, "--output", "data", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "data" / "train.parquet").is_file()


def test_methods_lists_entry_points(folder):
    """Beside ours, with module and class; one that cannot be used says why and hides nothing."""
    about = folder / "mine-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[knapsack_rl.strategies]\nnear = near_half:NearHalf\ngone = no_such_module:Gone\n"
        "[knapsack_rl.tasks]\ndigits = largest_digit:LargestDigit\n[knapsack_rl.graders]\nstrict = strict:Strict\n"
    )
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); {PROGRAM}"
    command = [sys.executable, "-c", code, "methods"]
    done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = {line.split()[0]: line for line in done.stdout.splitlines() if line.startswith("  ")}
    assert listed["near"].endswith("docs/adding_a_strategy.md; reads newest16 (near_half:NearHalf)")
    assert "cannot be used: strategy 'no_such_module:Gone': no module 'no_such_module'" in listed["gone"]
    assert "tasks: arithmetic, math, mental, reasoning_gym, digits" in done.stdout
    assert "graders: boxed, dapo, number, strict" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["allocate", "p.csv", "--strategy", "nowhere:Rule"], ["strategy 'nowhere:Rule': no module 'nowhere'"]),
        (["allocate", "p.csv", "--strategy", "memory:Remembers"], ["does not inherit from", "Strategy", "define name"]),
        (["grade", "cases.jsonl", "--grader", "strict:Strcit"], ["has no class 'Strcit'; did you mean 'Strict'?"]),
        (["prepare", "--task", '{"name": "strict:Strict"}', "--output", "data"], ["task.name: task 'strict:Strict'"]),
    ],
)
def test_mistakes_are_one_line(folder, arguments, words):
    """Exit code 2; nothing on standard output, nothing written."""
    before = sorted(folder.iterdir())
    done = _run(*arguments, cwd=folder)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert line.startswith("error: ")
    assert all(word in line for word in words), line
    assert [path for path in sorted(folder.iterdir()) if path.name != "__pycache__"] == before
