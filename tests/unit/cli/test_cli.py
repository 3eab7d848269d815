"""The command line as a user types it: results on stdout, one-line errors with exit code 2 on stderr."""

import csv
import subprocess
import sys

import pytest

from knapsack_rl.cli.main import app


def _run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "knapsack_rl.cli.main", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_allocate_spends_the_budget_where_it_counts(tmp_path):
    """The solved prompt gets the minimum, the hard one the most, the unknown one the uniform share."""
    (tmp_path / "p.csv").write_text("id,success_rate\na,0.5\nb,0.05\nc,1\nd,\n")
    done = _run("allocate", "p.csv", "--budget-per-prompt", "8", cwd=tmp_path)
    counts = {row["id"]: int(row["rollouts"]) for row in csv.DictReader(done.stdout.splitlines())}
    assert sum(counts.values()) == 32
    assert (counts["c"], counts["d"]) == (2, 8)
    assert counts["b"] > counts["a"] > 2


def test_allocate_reads_successes_and_draws(tmp_path):
    """3 of 12 is a rate of a quarter; no draws means unknown."""
    (tmp_path / "p.csv").write_text("id,successes,draws\na,3,12\nb,0,0\n")
    assert _run("allocate", "p.csv", cwd=tmp_path).stdout == "id,rollouts\na,8\nb,8\n"


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        ("id,success_rate\na,1.5\n", [], ["p.csv:2", "1.5", "[0, 1]"]),
        ("id,success_rate\na,inf\n", [], ["p.csv:2", "inf"]),
        ("id,success_rate\na,often\n", [], ["p.csv:2", "often"]),
        ("id,successes,draws\na,5,3\n", [], ["p.csv:2", "5 of 3"]),
        ("id,rate\na,0.5\n", [], ["success_rate", "found: id, rate"]),
        ("id,success_rate\na,0.5\na,0.1\n", [], ["'a'", "more than once"]),
        ("id,success_rate\n", [], ["no rows"]),
        ("id,success_rate\na,0.5\n", ["--strategy", "knapsak"], ["knapsak", "'knapsack'"]),
        ("id,success_rate\na,0.5\n", ["--budget-per-prompt", "1"], ["total 1"]),
        ("id,success_rate\na,0.5\n", ["--budget-per-prompt", "eight"], ["--budget-per-prompt"]),
        ("id,success_rate\na,0.5\n", ["--bounds", "9", "3"], ["9", "3"]),
        ("id,success_rate\na,0.5\n", ["--options", "{"], ["--options"]),
    ],
)
def test_bad_input_is_one_line(tmp_path, content, arguments, words):
    """One line that names the file and row or the option; exit code 2; nothing on stdout."""
    (tmp_path / "p.csv").write_text(content)
    done = _run("allocate", "p.csv", *arguments, cwd=tmp_path)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert line.startswith("error: ")
    assert all(word in line for word in words), line


def test_unwritable_output_is_one_line(tmp_path):
    """A file where the output folder should be; nothing half-written."""
    (tmp_path / "blocked").write_text("")
    done = _run(
        *("prepare", "--task", '{"name": "arithmetic"}', "--train-prompts", "blocked/train.parquet"),
        *("--benchmarks", "blocked/benchmarks.parquet"),
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert "blocked" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_runs_lists_the_grid(tmp_path):
    """JSON text is accepted where a study file is."""
    study = (
        '{"name": "s", "task": {"name": "arithmetic"},'
        '"models": {"m": {"build": {"hidden_size": 16, "num_layers": 1}}},'
        '"arms": {"uniform": {"strategy": "uniform"}}, "train": {"steps": 1},'
        '"grid": {"models": ["m"], "arms": ["uniform"], "budgets": [4], "seeds": [0, 1]}}'
    )
    assert _run("runs", "--study", study, cwd=tmp_path).stdout.split() == ["m-uniform-n4-s0", "m-uniform-n4-s1"]


def test_every_command_has_help():
    """No command without a first line of help."""
    assert [command.callback.__name__ for command in app.registered_commands if not command.callback.__doc__] == []
