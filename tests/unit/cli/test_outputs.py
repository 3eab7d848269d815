"""Where a command writes: through links, never over a device or FIFO, and on a full disk with one line."""

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from knapsack_rl.base.disk import disk_failure, writing_to
from knapsack_rl.base.errors import InputError, OutputError
from knapsack_rl.records import write_table, write_text
from knapsack_rl.records.atomic import destination_folder

COMMANDS = {
    "allocate": ("allocate", "p.csv", "--output"),
    "grade": ("grade", "cases.jsonl", "--output"),
    "prepare": ("prepare", "--task", '{"name": "arithmetic"}', "--output"),
    "simulate": ("simulate", "--prompts", "32", "--batch", "16", "--epochs", "1", "--output"),
}


@pytest.fixture
def project(tmp_path):
    """A folder with what the commands read."""
    (tmp_path / "p.csv").write_text("id,success_rate\na,0.5\nb,0.1\n")
    (tmp_path / "cases.jsonl").write_text('{"response": "\\\\boxed{1}", "answer": "1"}\n')
    return tmp_path


def _run(*arguments, cwd, **options):
    command = [sys.executable, "-m", "knapsack_rl.cli.start", *arguments]
    return subprocess.run(command, cwd=cwd, stderr=subprocess.PIPE, text=True, check=False, timeout=120, **options)


def _is_one_line(done, *words):
    lines = [line for line in done.stderr.splitlines() if line and not line.startswith("grade:")]
    assert (done.returncode, len(lines)) == (2, 1), done.stderr
    assert lines[0].startswith("error: ")
    assert all(word in lines[0] for word in words), lines[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_fifo_is_refused_and_stays(project, command):
    """Nothing waits for a reader, nothing else is written."""
    os.mkfifo(project / "out")
    _is_one_line(_run(*COMMANDS[command], "out", cwd=project), "out")
    assert stat.S_ISFIFO((project / "out").stat().st_mode)
    assert sorted(path.name for path in project.iterdir()) == ["cases.jsonl", "out", "p.csv"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_device_is_refused_and_stays(project, command):
    """Also through a link, and for root, who could replace it."""
    (project / "out").symlink_to("/dev/null")
    _is_one_line(_run(*COMMANDS[command], "out", cwd=project), "out")
    assert (project / "out").is_symlink()
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("command", ["allocate", "grade"])
def test_a_link_is_written_through(project, command):
    """The link stays, the file that it leads to has the result; there already or not yet, over two links."""
    (project / "elsewhere").mkdir()
    (project / "middle").symlink_to("elsewhere/real")
    (project / "out").symlink_to("middle")
    for _ in range(2):
        assert _run(*COMMANDS[command], "out", cwd=project).returncode == 0
        assert (project / "out").is_symlink()
        assert (project / "middle").is_symlink()
        assert not (project / "elsewhere/real").is_symlink()
        assert (project / "out").read_text() != ""


def test_tables_and_folders_go_through_links(tmp_path):
    """A parquet file and the folder of a model; a link in a circle leads nowhere."""
    (tmp_path / "out.parquet").symlink_to("real.parquet")
    write_table(tmp_path / "out.parquet", pa.table({"a": [1]}))
    assert (tmp_path / "out.parquet").is_symlink()
    assert (tmp_path / "real.parquet").is_file()
    (tmp_path / "real").mkdir()
    (tmp_path / "model").symlink_to("real")
    assert destination_folder(tmp_path / "model").name == "real"
    with pytest.raises(OutputError, match="is no folder"):
        destination_folder(tmp_path / "real.parquet")
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OutputError, match="circle: cannot be written"):
        write_text(tmp_path / "circle", "x")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_grows_too_large_is_one_line(project, command):
    """The system refuses the write as a full disk does; the folder is named and nothing half-written stays."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4))

    done = _run(*COMMANDS[command], "out", cwd=project, preexec_fn=limit)
    _is_one_line(done, str(project) if command != "simulate" else "out", os.strerror(27), "ulimit -f")
    assert not [path for path in project.rglob("*") if path.is_file() and path.name.endswith(".tmp")]


def test_full_standard_output_is_one_line(project):
    """A redirected result that does not fit."""
    with Path("/dev/full").open("w") as full:
        _is_one_line(_run("allocate", "p.csv", cwd=project, stdout=full), "standard output", "No space left", "free")


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        OSError(122, "Disk quota exceeded"),
        OSError(30, "Read-only file system"),
        OSError(13, "Permission denied"),
        OSError(5, "Input/output error"),
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
        RuntimeError("(sqlite3.OperationalError) database or disk is full"),
    ],
)
def test_whatever_a_disk_refuses_names_the_folder(tmp_path, error):
    """As the system says it and as libraries do."""
    with pytest.raises(OutputError, match=f"{tmp_path}: .*again"), writing_to(tmp_path):
        raise error
    assert "\n" not in str(disk_failure(error, tmp_path))


@pytest.mark.parametrize("error", [ValueError("no"), KeyError("k"), InputError("x: No space left on device")])
def test_other_errors_pass(tmp_path, error):
    """A bug keeps its traceback, and what is already said is not said again."""
    with pytest.raises(type(error)), writing_to(tmp_path):
        raise error
