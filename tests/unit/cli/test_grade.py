"""`knapsack-rl grade` as a user types it."""

import json
import subprocess
import sys

import pytest

from knapsack_rl.cli.main import run


def _grade(*arguments, cwd):
    command = [sys.executable, "-m", "knapsack_rl.cli.main", "grade", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def _write(folder, *cases):
    lines = [case if isinstance(case, str) else json.dumps(case) for case in cases]
    (folder / "cases.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_verdicts_are_added(tmp_path):
    """Order and other fields stay; the summary goes to standard error."""
    _write(
        tmp_path,
        {"id": 7, "response": r"so \boxed{\frac{2}{4}}", "answer": r"\frac12"},
        {"id": 8, "response": r"so \boxed{\sqrt{8}}", "answer": r"2\sqrt{2}"},
        "",
        {"id": 9, "response": "5\u2028 or so", "answer": "5"},
    )
    done = _grade("--grader", "boxed", "cases.jsonl", "--output", "out/verdicts.jsonl", cwd=tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "out" / "verdicts.jsonl").read_text().splitlines()]
    assert (0, "") == (done.returncode, done.stdout)
    assert "case/s]" in done.stderr
    assert done.stderr.splitlines()[-1] == "3 cases, 66.7% right: 2 right, 1 no_answer"
    assert [(7, 1, r"\frac{2}{4}", "right"), (8, 1, r"\sqrt{8}", "right"), (9, 0, None, "no_answer")] == [
        (row["id"], row["verdict"], row["extracted"], row["reason"]) for row in rows
    ]


def test_standard_output_and_the_other_grader(tmp_path):
    """Without --output the lines go to standard output."""
    _write(tmp_path, {"response": "Answer: 34", "answer": "34"})
    (row,) = map(json.loads, _grade("--grader", "dapo", "cases.jsonl", cwd=tmp_path).stdout.splitlines())
    assert {"response": "Answer: 34", "answer": "34", "verdict": 1, "extracted": "34", "reason": "right"} == row


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """The one line of an error with exit code 2, of a command run in the folder without a process of its own."""

    def line_of(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["knapsack-rl", "grade", *arguments])
        with pytest.raises(SystemExit) as ended:
            run()
        said = capsys.readouterr()
        assert (2, "") == (ended.value.code, said.out)
        (line,) = said.err.splitlines()
        return line

    return line_of


GOOD = {"response": r"\boxed{5}", "answer": "5"}


@pytest.mark.parametrize(
    ("cases", "arguments", "words"),
    [
        pytest.param([GOOD, "{"], [], ["cases.jsonl:2", "no JSON"], id="no-json"),
        pytest.param([GOOD, "[" * 100_000], [], ["cases.jsonl:2", "no JSON"], id="nested"),
        pytest.param([GOOD, "[1]"], [], ["cases.jsonl:2", "list", "object"], id="no-object"),
        pytest.param([GOOD, {"response": "5"}], [], ["cases.jsonl:2", "'answer'"], id="missing-field"),
        pytest.param([{"response": "5", "answer": 5}], [], ["cases.jsonl:1", "answer is 5", "text"], id="no-text"),
        pytest.param([], [], ["cases.jsonl", "no cases"], id="empty"),
        pytest.param([GOOD], ["--grader", "boxd"], ["'boxd'", "did you mean 'boxed'?"], id="grader"),
        pytest.param([GOOD], ["--output", "."], ["is a folder"], id="folder"),
        pytest.param([GOOD], ["--output", "./cases.jsonl"], ["cases itself", "name another file"], id="onto-itself"),
        pytest.param([GOOD], ["--output", "cases.jsonl/x"], ["cases.jsonl", "is a file"], id="file-in-the-way"),
        pytest.param([GOOD], ["--output", "/proc/verdicts"], ["/proc", "cannot be written"], id="not-writable"),
    ],
)
def test_bad_input_is_one_line(tmp_path, typed, cases, arguments, words):
    """File, line, value and remedy; exit code 2; nothing is written."""
    _write(tmp_path, *cases)
    line = typed("cases.jsonl", *arguments)
    assert [] == [word for word in words if word not in line]
    assert ["cases.jsonl"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("content", [None, b"\xff\xfe{}"], ids=["missing", "not-utf-8"])
def test_unreadable_file(tmp_path, typed, content):
    """One line that names the file."""
    if content is not None:
        (tmp_path / "cases.jsonl").write_bytes(content)
    assert "cases.jsonl: cannot be read" in typed("cases.jsonl")
