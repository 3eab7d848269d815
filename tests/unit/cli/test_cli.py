"""The command line as a user types it: results on stdout, one-line errors with exit code 2 on stderr."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from knapsack_rl.allocation import method_names, value_names
from knapsack_rl.beliefs import tracker_names
from knapsack_rl.cli.main import app
from knapsack_rl.cli.prompts_csv import read_prompts_csv
from knapsack_rl.grpo import ADVANTAGES

ROOT = Path(__file__).parents[3]


def _run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "knapsack_rl.cli.main", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_allocate_spends_the_budget_where_it_counts(tmp_path):
    """The solved prompt gets the minimum, the hard one the most, the unknown one the uniform share."""
    (tmp_path / "p.csv").write_text("id,success_rate\na,0.5\nb,0.05\nc,1\nd,\n")
    done = _run("allocate", "p.csv", "--budget-per-prompt", "8", cwd=tmp_path)
    counts = {row["id"]: int(row["rollouts"]) for row in csv.DictReader(done.stdout.splitlines())}
    (line,) = done.stderr.splitlines()
    assert line.startswith("4 prompts, 32 rollouts, largest 15; expected effective ratio 0.623 by rollouts, 0.507 by")
    assert line.endswith("+5.8% value over equal counts (1 unknown left out)")
    assert sum(counts.values()) == 32
    assert (counts["c"], counts["d"]) == (2, 8)
    assert counts["b"] > counts["a"] > 2


def test_allocate_reads_successes_and_draws(tmp_path):
    """3 of 12 is a rate of a quarter; no draws means unknown."""
    (tmp_path / "p.csv").write_text("id,successes,draws\na,3,12\nb,0,0\n")
    assert _run("allocate", "p.csv", cwd=tmp_path).stdout == "id,rollouts\na,8\nb,8\n"


@pytest.mark.parametrize(
    "header", ["id, success_rate", " id ,success_rate ", 'id, "success_rate"', "id,\tsuccess_rate"]
)
def test_blanks_in_a_header_mean_nothing(tmp_path, header):
    """As spreadsheets and people write it."""
    (tmp_path / "p.csv").write_text(f"{header}\na, 0.5\nb,0.1\n", encoding="utf-8")
    assert read_prompts_csv(tmp_path / "p.csv").ids == ("a", "b")


def test_allocate_on_a_terminal_that_shows_ascii_alone(tmp_path):
    """Ids in any language are written as it can; nothing is lost, and nothing half-written."""
    (tmp_path / "p.csv").write_text("id, success_rate\nédouard,0.5\n数学, 0.1\n", encoding="utf-8")
    command = [sys.executable, "-m", "knapsack_rl.cli.start", "allocate", "p.csv"]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(command, cwd=tmp_path, env=ascii_only, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"id,rollouts\n\\xe9douard,")
    assert b"\\u6570\\u5b66," in done.stdout


def test_allocate_writes_json_to_a_file(tmp_path):
    """Counts by id; nothing on standard output; the summary stays on standard error."""
    (tmp_path / "p.csv").write_text("\ufeffid,successes,draws\n7,3,12\nb,,\n", encoding="utf-8")
    done = _run("allocate", "p.csv", "--format", "json", "--output", "counts.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads((tmp_path / "counts.json").read_text()) == {"7": 8, "b": 8}
    assert "+0.0% value" in done.stderr


def test_allocate_expects_nothing_of_unknown_prompts(tmp_path):
    """Without a known rate the summary says so."""
    (tmp_path / "p.csv").write_text("id,success_rate\na,\nb,\n")
    assert "no known rate" in _run("allocate", "p.csv", cwd=tmp_path).stderr


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        ("id,success_rate\na,1.5\n", [], ["p.csv:2", "1.5", "[0, 1]"]),
        ("id,success_rate\na,inf\n", [], ["p.csv:2", "inf"]),
        ("id,success_rate\na,often\n", [], ["p.csv:2", "often"]),
        ("id,successes,draws\na,5,3\n", [], ["p.csv:2", "5 of 3"]),
        ("id;success_rate\na;0.5\n", [], ["found: 'id;success_rate'"]),
        ("id\tsuccess_rate\na\t0.5\n", [], ["found: 'id\\tsuccess_rate'"]),
        ("id,rate\na,0.5\n", [], ["success_rate", "found: 'id', 'rate'"]),
        ("id,success_rate\na,0.5\na,0.1\n", [], ["'a'", "more than once"]),
        ("id,success_rate\n", [], ["no rows"]),
        ("id,success_rate\na,0.5\n", ["--strategy", "knapsak"], ["knapsak", "'knapsack'"]),
        ("id,success_rate\na,0.5\n", ["--budget-per-prompt", "1"], ["total 1"]),
        ("id,success_rate\na,0.5\n", ["--budget-per-prompt", "-8"], ["total -8"]),
        ("id,success_rate\na,0.5\n", ["--budget-per-prompt", "129"], ["total 129", "128"]),
        ("id,success_rate\na,-0.1\n", [], ["p.csv:2", "-0.1", "[0, 1]"]),
        ("id,success_rate\na,nan\n", [], ["p.csv:2", "nan"]),
        ("id,success_rate\na,0.5,9\n", [], ["p.csv:2", "more or fewer cells"]),
        ("id,success_rate\na\n", [], ["p.csv:2", "more or fewer cells"]),
        ("id,success_rate\n,0.5\n", [], ["p.csv:2", "no id"]),
        ("id,successes,draws\na,5,\n", [], ["p.csv:2", "go together"]),
        ("id,successes,draws\na,1,0\n", [], ["p.csv:2", "1 of 0"]),
        ("id,successes,draws\na,-1,4\n", [], ["p.csv:2", "-1 of 4"]),
        ("id,successes,draws\na,one,4\n", [], ["p.csv:2", "successes is 'one'"]),
        ("", [], ["no rows"]),
        ("id,success_rate\na,0.5\n", ["--format", "xml"], ["--format", "xml"]),
        ("id,success_rate\na,0.5\n", ["--options", "[1]"], ["--options", "JSON object", "[1]"]),
        ("id,success_rate\na,0.5\n", ["--options", '{"alpha": 2}'], ["alpha = 2"]),
        ("id,success_rate\na,0.5\n", ["--budget-per-prompt", "eight"], ["--budget-per-prompt"]),
        ("id,success_rate\na,0.5\n", ["--low", "9", "--high", "3"], ["9", "3"]),
        ("id,success_rate\na,0.5\n", ["--options", "{"], ["--options"]),
        ("id,success_rate\na,0.5\n", ["--seed", "-1"], ["seed -1", "0 or more"]),
        ("id,success_rate\na,0.5\n", ["--output", "."], ["folder", "name of a file"]),
        ("id,success_rate,successes,draws\na,0.5,1,4\n", [], ["p.csv", "both"]),
        ("id,success_rate,success_rate\na,0.5,0.1\n", [], ["p.csv", "'success_rate'", "more than once"]),
    ],
)
def test_bad_input_is_one_line(tmp_path, content, arguments, words):
    """One line that names the file and row or the option; exit code 2; nothing on stdout."""
    (tmp_path / "p.csv").write_text(content)
    done = _run("allocate", "p.csv", "--output", "counts.csv", *arguments, cwd=tmp_path)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert line.startswith("error: ")
    assert all(word in line for word in words), line
    assert [path.name for path in tmp_path.iterdir()] == ["p.csv"]


def test_unwritable_output_is_one_line(tmp_path):
    """A file where the output folder should be; nothing half-written."""
    (tmp_path / "blocked").write_text("")
    done = _run(
        *("prepare", "--task", '{"name": "arithmetic"}', "--output", "blocked/data"),
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


def test_methods_lists_everything_with_its_source(tmp_path):
    """One aligned line each: name, source, and for a strategy the belief it reads."""
    lines = _run("methods", cwd=tmp_path).stdout.splitlines()
    listed = {line.split()[0]: line for line in lines if line.startswith("  ")}
    assert set(listed) == {*method_names(), *tracker_names(), *value_names(), *ADVANTAGES}
    assert listed["knapsack"].endswith("arXiv 2509.25849, released code; reads newest16")
    assert len({len(line) - len(line.split(maxsplit=1)[1]) for line in listed.values()}) == 1


def test_simulate_writes_tables_and_figures(tmp_path):
    """Both arms in the tables, a line for each and for the beliefs of each on standard output."""
    done = _run("simulate", "--prompts", "64", "--batch", "32", "--epochs", "2", "--output", "sim", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    uniform, knapsack, *judged, files = done.stdout.splitlines()
    assert uniform.startswith("uniform ")
    assert knapsack.startswith("knapsack ")
    assert [line.partition(",")[0] for line in judged] == [
        "belief newest16 under uniform",
        "belief newest16 under knapsack",
    ]
    assert files == "7 tables and 6 figures are in sim"
    suffixes = [path.suffix for path in (tmp_path / "sim").iterdir()]
    assert {suffix: suffixes.count(suffix) for suffix in suffixes} == {".csv": 7, ".png": 6, ".pdf": 6}
    rows = list(csv.DictReader((tmp_path / "sim" / "steps.csv").read_text().splitlines()))
    assert [row["strategy"] for row in rows] == ["uniform"] * 4 + ["knapsack"] * 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pool", "hrad"], ["'hrad'", "'hard'"]),
        (["--strategy", "knapsak"], ["'knapsak'", "'knapsack'"]),
        (["--belief", "newest"], ["'newest'", "'newest16'"]),
        (["--prompts", "100"], ["256", "100"]),
        (["--epochs", "0"], ["epochs = 0"]),
        (["--budget-per-prompt", "1"], ["total 256"]),
        (["--low", "9", "--high", "3"], ["9", "3"]),
        (["--drift-own", "-1"], ["own = -1"]),
        (["--drift-shared", "inf"], ["shared = inf"]),
        (["--belief-options", "3"], ["--belief-options", "JSON object"]),
    ],
)
def test_bad_simulations_are_one_line(tmp_path, arguments, words):
    """Refused before anything is computed or written."""
    done = _run("simulate", *arguments, "--output", "sim", cwd=tmp_path)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (2, "", [])
    assert line.startswith("error: ")
    assert all(word in line for word in words), line


def test_examples_in_help_keep_their_line(tmp_path):
    """No mark of the help's source is shown, and an example is not broken up."""
    shown = _run("allocate", "--help", cwd=tmp_path).stdout
    assert "\\b" not in shown
    assert "Example: knapsack-rl allocate prompts.csv --strategy knapsack --budget-per-prompt 8" in shown


def test_every_command_has_help():
    """No command without a first line of help."""
    assert [command.callback.__name__ for command in app.registered_commands if not command.callback.__doc__] == []


def test_training_is_not_begun_with_a_store_that_keeps_nothing(tmp_path, monkeypatch):
    """Whatever else is missing: hours would be spent first."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///:memory:")
    study = ROOT / ".test/config/config.yaml"
    model = tmp_path / "results/smoke/models/nano"
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    done = _run("train", "--study", str(study), "--run", "nano-uniform-n4-s0", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: MLFLOW_TRACKING_URI=sqlite:///:memory:: a store in memory is lost")


def test_a_method_of_rounds_is_simulated(tmp_path):
    """It has no counts for the estimation figure, which then shows the controls alone; its steps are there."""
    arguments = ("--pool", "hard", "--strategy", "dapo", "--prompts", "200", "--batch", "16", "--epochs", "2")
    done = _run("simulate", *arguments, "--output", "sim", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    estimation = (tmp_path / "sim" / "estimation.csv").read_text()
    assert "knapsack" in estimation
    assert "dapo" not in estimation
    assert ",dapo" in (tmp_path / "sim" / "steps.csv").read_text()
